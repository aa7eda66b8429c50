// link — the roster's entry of this student: proved the way the session asks for, chosen when there are several.
import * as server from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useState } from '../shared/view.js';
import { CodeChoose } from './capture/choose.js';
import { HowToGetCode } from './code.js';
import { useDraft } from './draft.js';
import { Place } from './login.js';
import { Field, Form, Screen, Sending, Working, useTask } from './parts.js';
import { Facts, Verdict, untilRead } from './pieces.js';
import { go, goInstead } from './route.js';
import { refresh, session, take } from './student.js';
import { upload } from './upload.js';

const FIELDS = {
  student_no: { maxlength: 40 },
  last_four: { maxlength: 8, hint: 'student.last_four_hint' },
  name: { maxlength: 60, autocomplete: 'name' },
  id_number: { maxlength: 24, hint: 'student.id_number_hint' },
};
/** What the session's way of knowing a student asks for; the card's has been proved before. */
const ASKED = { student_number: ['student_no', 'last_four'], roster: ['name', 'id_number'], collection_code: ['last_four'], id_card: [], id_card_both: [] };

/** The collection code stands before the link: it is what proves. */
function CodeFirst({ onCode }) {
  const [wrong, setWrong] = useState(null);
  const [state, send] = useTask(async (file, source, onProgress) => {
    setWrong(null);
    const upload_id = await upload(file, 'code', source, onProgress);
    const { id } = await server.myCodeAdd({ upload_id });
    const code = await untilRead(() => server.myCodeShow(id));
    if (code.state === 'read' || code.state === 'seen_before')
      onCode(code);
    else
      setWrong(code);
  });
  return html`${wrong && html`<${Verdict} tone="fail">${t(`code.${wrong.state}`)}<//><p class="lead">${wrong.text}</p>`}
    <${HowToGetCode} /><${Sending} share=${state.share} /><${ProblemBox} problem=${state.problem} />
    <${CodeChoose} album=${t('student.code_album')} camera=${t('student.code_camera')} busy=${state.busy} onFile=${(blob, mode) => send(blob, mode)} />
    <p class="muted small">${t('student.code_why')}</p>`;
}

const wordsOf = (one) => [one.college, one.major, one.class_name].filter(Boolean).join(' · ');

function Found({ items, onLink, busy, onNone }) {
  return html`<p class="lead">${t(items.length > 1 ? 'link.found_many' : 'link.found')}</p>
    ${items.map((one) => html`<section key=${one.enrolment_id} class="card enrolment"><h2>${one.school}</h2>
      <${Facts} rows=${[[t('summary.name'), one.name_masked], [t('summary.student_no'), one.student_no_masked], [t('link.enrolment'), wordsOf(one)], [t('summary.session'), one.session_name]]} />
      ${one.taken ? html`<p class="hint">${t('link.taken')}</p>` : html`<button type="button" class="primary big" disabled=${busy} onClick=${() => onLink(one)}>${t(one.linked ? 'link.linked' : 'student.link_do')}</button>`}</section>`)}
    <div class="stack"><button type="button" class="big" onClick=${onNone}>${t('link.not_me')}</button></div>`;
}

export function Link() {
  const place = session.value;
  const method = place.policy.identity_method;
  const form = useDraft('link', {});
  const [values, set, drop] = form;
  const [items, setItems] = useState(null);
  const fields = [...(ASKED[method] || ASKED.student_number), ...(method === 'collection_code' && values.name_needed ? ['name'] : [])];
  const [looking, look] = useTask(async () => {
    const proof = Object.fromEntries(fields.map((name) => [name, (values[name] || '').trim()]));
    setItems((await server.enrolments({ session_code: place.code, ...proof, ...(method === 'collection_code' ? { code_id: values.code_id } : {}) })).items);
  });
  const [linking, link] = useTask(async (one) => {
    take(await server.link({ session_code: one.session_code, enrolment_id: one.enrolment_id }));
    drop();
    await refresh();
    goInstead('home');
  });
  useEffect(() => { if (fields.length === 0) look(); }, []);
  const needsCode = method === 'collection_code' && !values.code_id;
  if (items)
    return html`<${Screen} title=${t('link.title_found')} back=${() => setItems(null)}><${ProblemBox} problem=${linking.problem} />
      <${Found} items=${items} busy=${linking.busy} onLink=${link} onNone=${() => go('messages')} /><//>`;
  return html`<${Screen} title=${t('student.link')} lead=${needsCode ? t('link.code_first') : fields.length > 0 ? t('student.link_text') : ''} wrong=${Boolean(looking.problem)}>
    <${Place} place=${place} />
    ${needsCode ? html`<${CodeFirst} onCode=${(code) => { set('code_id', code.id); set('name_needed', code.name_needed); }} />`
      : fields.length === 0 ? html`${looking.problem ? html`<${ProblemBox} problem=${looking.problem} retry=${look} />` : html`<${Working} text=${t('link.looking')} />`}`
        : html`${method === 'collection_code' && html`<${Verdict} tone="pass">${t('code.read')}<//>`}
          <${Form} state=${looking} label=${t('link.look')} onSubmit=${look}>
            ${fields.map((name) => html`<${Field} key=${name} form=${form} name=${name} label=${t(`student.${name}`)} required ...${FIELDS[name]} hint=${FIELDS[name].hint && t(FIELDS[name].hint)} />`)}<//>
          ${method === 'collection_code' && html`<div class="stack"><button type="button" class="quiet link" onClick=${() => set('code_id', '')}>${t('student.code_other')} <span aria-hidden="true">›</span></button></div>`}`}
    ${looking.problem && html`<div class="stack">${place.policy.manual_link && html`<button type="button" class="big" onClick=${() => go('request')}>${t('request.title')}</button>`}
      <button type="button" class="big" onClick=${() => go('messages')}>${t('student.ask_service')}</button></div>`}<//>`;
}
