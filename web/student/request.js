// request — not found on the roster: people look. What was asked for, and what became of it.
import { linkRequestAdd, linkRequestsMine } from '../shared/client.js';
import { dateTime, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useLoad } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Field, Form, Screen, Working, useTask } from './parts.js';
import { goInstead } from './route.js';
import { openSession, refresh, session, student } from './student.js';

const PARTS = { name: { required: true, maxlength: 60, autocomplete: 'name' }, id_number: { maxlength: 24 }, student_no: { maxlength: 40 }, college: { maxlength: 60 }, major: { maxlength: 60 }, class_name: { maxlength: 60 } };
const LABELS = { name: 'student.name', id_number: 'student.id_number', student_no: 'student.student_no', college: 'details.college', major: 'details.major', class_name: 'details.class_name' };

function Waiting({ one, reload }) {
  const [, open] = useTask(async () => { await refresh(); await openSession(one.session_code); goInstead('home'); });
  return html`<section class="status" role="status"><p class="status-label">${t(`request.state.${one.state}`)}</p><p>${t('request.asked', { time: dateTime(one.created) })}</p>${one.reason && html`<p><q>${one.reason}</q></p>`}</section>
    <div class="stack">${one.state === 'linked' ? html`<button type="button" class="primary big" onClick=${open}>${t('student.next')}</button>`
      : html`<button type="button" class="big" onClick=${reload}>${t('request.look')}</button>`}</div>`;
}

export function LinkRequest() {
  const confirmed = student.value.identity?.state === 'confirmed';
  const form = useDraft('request', { note: '' });
  const { data, error, reload } = useLoad((signal) => linkRequestsMine({ signal }), []);
  const [state, send] = useTask(async () => {
    const given = Object.fromEntries(Object.entries(form[0]).map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value));
    await linkRequestAdd({ session_code: session.value.code, ...given });
    form[2]();
    reload();
  });
  const newest = (data?.items || []).find((one) => one.session_code === session.value.code);
  const open = newest && newest.state !== 'refused' && newest.state !== 'withdrawn';
  return html`<${Screen} title=${t('request.title')} lead=${open ? '' : t('request.text')}>
    <${ProblemBox} problem=${error} retry=${reload} />${!data && !error && html`<${Working} text=${t('student.loading')} />`}
    ${newest && html`<${Waiting} one=${newest} reload=${reload} />`}
    ${data && !open && html`<${Form} state=${state} label=${t('request.send')} onSubmit=${send}>
      ${Object.entries(PARTS).map(([name, more]) => html`<${Field} key=${name} form=${form} name=${name} label=${t(LABELS[name])} ...${more} required=${name === 'name' || (name === 'id_number' && !confirmed)} />`)}
      <${Field} form=${form} name="note" label=${t('field.note')} lines="3" maxlength="300" /><//>`}<//>`;
}
