// submission — everything about one submission: pictures, checks, moves, votes, money, effects; and what may be done.
import { get, post } from '../shared/api.js';
import { Ask } from '../shared/dialog.js';
import { dateTimeExact, t } from '../shared/i18n.js';
import { on } from '../shared/live.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { Clock } from '../shared/sla.js';
import { eventLabel } from '../shared/workflow.js';
import { html, useEffect, useLoad, useState } from '../shared/view.js';
import { has } from './account.js';
import { Heading, State } from './parts.js';
import { CodeCard } from './code_card.js';
import { DeliveryCard } from './delivery_card.js';
import { Derived } from './derived.js';
import { RetouchCard } from './retouch_card.js';
import { Pictures } from './submission_pictures.js';
import { AuditTrail, Decisions, Facts, IdentityCard, Timeline } from './submission_parts.js';

/** Events staff may cause here and what they ask for. Which are shown is the server's `allowed`. */
const FORMS = {
  reopen: { danger: true, fields: ['note!'] },
  printed: { fields: [] },
  shipped: { fields: ['carrier!', 'tracking_no!'] },
  delivered: { fields: [] },
  retouch_done: { fields: ['note'] },
};
const field = (spec) => {
  const name = spec.replace('!', '');
  return { name, label: t(`field.${name}`), required: spec.endsWith('!'), max: name === 'note' ? 500 : 40, lines: name === 'note' ? 3 : 0 };
};

function Actions({ submission, onDone }) {
  const [event, setEvent] = useState(null);
  const offered = submission.allowed.filter((name) => FORMS[name]);
  if (offered.length === 0)
    return null;
  const run = async (values) => {
    const filled = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
    await post(`/api/v1/console/submissions/${submission.id}/${event}`, { version: submission.version, ...filled });
    notify('ok', t('submission.done', { what: eventLabel(event) }));
    onDone();
  };
  return html`${offered.map((name) => html`<button key=${name} type="button"
    onClick=${() => setEvent(name)}>${eventLabel(name)}</button>`)}
    ${event && html`<${Ask} title=${eventLabel(event)} text=${t(`confirm.${event}`)}
      label=${eventLabel(event)} danger=${FORMS[event].danger}
      fields=${FORMS[event].fields.map(field)} run=${run} onClose=${() => setEvent(null)} />`}`;
}

function Reveal({ id }) {
  const [ask, setAsk] = useState(false);
  const [person, setPerson] = useState(null);
  useEffect(() => {
    if (!person)
      return undefined;
    const timer = setTimeout(() => setPerson(null), 60000);
    return () => clearTimeout(timer);
  }, [person]);
  return html`
    ${person ? html`<div class="revealed-person"><dl class="facts">
        ${['name', 'id_number', 'phone'].map((name) => html`<div key=${name}><dt>${t(`field.${name}`)}</dt><dd
          class="num">${person[name] || '–'}</dd></div>`)}
      </dl><button type="button" class="quiet" onClick=${() => setPerson(null)}>${t('reveal.hide')}</button></div>`
    : html`<button type="button" onClick=${() => setAsk(true)}>${t('reveal.label')}…</button>`}
    ${ask && html`<${Ask} title=${t('reveal.label')} text=${t('reveal.text')} label=${t('reveal.label')}
      fields=${[{ name: 'reason', label: t('reveal.reason'), required: true, max: 200 }]}
      run=${async ({ reason }) => setPerson(await post(`/api/v1/console/submissions/${id}/reveal`, { reason }))} onClose=${() => setAsk(false)} />`}`;
}

export function SubmissionPage({ id }) {
  const { data, error, reload } = useLoad((signal) => get(`/api/v1/console/submissions/${id}`, { signal }), [id]);
  useEffect(() => on('submission.moved', (event) => event?.id === id && reload()), [id]);
  if (error)
    return html`<${Heading} title=${t('page.submission')} /><${ProblemBox} problem=${error} retry=${reload} />`;
  if (!data)
    return html`<${Heading} title=${t('page.submission')} />`;
  return html`
    <nav class="crumbs" aria-label=${t('nav.crumbs')}><a href="#/submissions">${t('page.submissions')}</a></nav>
    <div class="head"><h1 tabindex="-1"><code
      class="code">${data.code}</code> ${data.student.name_masked} <${State} name=${data.state} /></h1>
      <div class="row">${data.lane && html`<${Clock} due=${data.due} submitted=${data.submitted} />`}<${Actions} submission=${data}
        onDone=${reload} /></div></div>
    <p class="muted">${data.school_name} · ${data.session_name} · <span class="num">${data.student_no}</span></p>
    <div class="columns">
      <div>
        <${Pictures} submission=${data} />
        <${RetouchCard} submission=${data} />
        <${Decisions} submission=${data} />
      </div>
      <div>
        <section class="card"><h2>${t('submission.person')}</h2>
          <${Facts} submission=${data} />
          <${Reveal} id=${id} /></section>
        <${IdentityCard} identity=${data.identity} />
        <${CodeCard} submission=${data} />
        <${DeliveryCard} submission=${data} />
        ${data.approved && has('reviewer', 'senior', 'service', 'batch', 'school', 'administrator') && html`<${Derived} submission=${data} />`}
        <section class="card"><h2>${t('submission.timeline')}</h2><${Timeline} history=${data.history} /></section>
        ${has('auditor', 'administrator', 'senior') && html`<${AuditTrail} id=${id} />`}
      </div>
    </div>
    <p class="muted small">${t('submission.ids')} <code>${data.id}</code> · ${t('submission.version', { n: data.version })} · ${dateTimeExact(data.moved)}</p>`;
}
