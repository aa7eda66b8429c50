// link — the roster's entry of this student, proved the way the session asks for.
import * as server from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Field, Form, Screen, useTask } from './parts.js';
import { goInstead } from './route.js';
import { refresh, session, take } from './student.js';
import { Place } from './login.js';

const FIELDS = {
  student_no: { maxlength: 40, autocomplete: 'off' },
  last_four: { maxlength: 4, pattern: '[0-9A-Za-z]{4}', hint: 'student.last_four_hint' },
  name: { maxlength: 60 },
  id_number: { maxlength: 20, hint: 'student.id_number_hint' },
};
/** What the session's way of knowing a student asks for. */
const ASKED = { student_number: ['student_no', 'last_four'], roster: ['name', 'id_number'] };

export function Link() {
  const place = session.value;
  const form = useDraft('link', {});
  const asked = ASKED[place.policy.identity_method] || ASKED.student_number;
  const [state, start] = useTask(async () => {
    const proof = Object.fromEntries(asked.map((name) => [name, (form[0][name] || '').trim()]));
    take(await server.link({ session_code: place.code, ...proof }));
    form[2]();
    await refresh();
    goInstead('home');
  });
  return html`<${Screen} title=${t('student.link')} lead=${t('student.link_text')}>
    <${Place} place=${place} />
    <${Form} state=${state} label=${t('student.link_do')} onSubmit=${start}>
      ${asked.map((name) => html`<${Field} key=${name} form=${form} name=${name} label=${t(`student.${name}`)} required ...${FIELDS[name]} hint=${FIELDS[name].hint && t(FIELDS[name].hint)} />`)}<//>
  <//>`;
}
