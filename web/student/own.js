// own — the submissions a student has, to go back to one.
import { t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { complain } from '../shared/notices.js';
import { Cell, Cells } from './parts.js';
import { goInstead } from './route.js';
import { openSession, session } from './student.js';

export function Own({ me }) {
  const others = me.submissions.filter((one) => one.session_code !== session.value?.code);
  if (others.length === 0)
    return null;
  const open = (one) => () => openSession(one.session_code).then(() => goInstead('home'), complain);
  return html`<${Cells} title=${t('student.own')}>${others.map((one) => html`<${Cell} key=${one.id} icon="portrait"
    label=${one.session_name} note=${t('student.number_of', { code: one.code })} onOpen=${open(one)} />`)}<//>`;
}
