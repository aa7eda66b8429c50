// begin — asks the server who is here while the rest of the page is still being fetched.
import { startStudent } from './student.js';

/** The first answer; a Problem when there is none. */
export const begun = startStudent();
begun.catch(() => {}); /* app.js tells it */
