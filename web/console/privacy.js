// privacy — the consent texts and their editions; of how many persons faces are stored, with the sheet for the filing.
import { get, post, put } from '../shared/api.js';
import { date, number, t } from '../shared/i18n.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { html, useLoad, useState } from '../shared/view.js';
import { has } from './account.js';
import { Badge, Heading, Table } from './parts.js';

const KINDS = ['privacy', 'passing_on', 'face'];
const WORDS = [['title_zh', 60, 1], ['text_zh', 4000, 6], ['title_en', 120, 1], ['text_en', 6000, 6]];
const TONES = { ok: 'good', watch: 'warn', near: 'warn', file: 'bad', filed: 'good' };

/* ---- faces ---- */

function Filing({ faces, onDone }) {
  const [problem, setProblem] = useState(null);
  const submit = async (event) => {
    event.preventDefault();
    try {
      await put('/api/v1/console/faces', { reference: new FormData(event.target).get('reference').trim() });
      onDone();
    } catch (failure) {
      setProblem(failure);
    }
  };
  return html`<form class="row" onSubmit=${submit}><label class="field"><span>${t('faces.reference')}</span>
    <input name="reference" maxlength="100" required autocomplete="off" value=${faces.reference} /></label>
    <button type="submit">${t('faces.filed_do')}</button><${ProblemBox} problem=${problem} /></form>`;
}

function Faces() {
  const { data: faces, error, reload } = useLoad((signal) => get('/api/v1/console/faces', { signal }), []);
  if (error)
    return html`<${ProblemBox} problem=${error} retry=${reload} />`;
  if (!faces)
    return null;
  const share = Math.min(1, faces.persons / faces.threshold);
  return html`<section class="card faces"><h2>${t('faces.title')}</h2>
    <p class="muted small">${t('faces.about')}</p>
    <p><strong class="num">${number(faces.persons)}</strong> / <span class="num">${number(faces.threshold)}</span>
      ${' '}<${Badge} tone=${TONES[faces.level]}>${t(`faces.${faces.level}`)}<//></p>
    <progress max="1" value=${share} aria-label=${t('faces.title')}></progress>
    <dl class="facts">${['reached', 'file_by', 'filed'].filter((name) => faces[name]).map((name) => html`<div key=${name}>
      <dt>${t(`faces.at.${name}`)}</dt><dd class="num">${date(faces[name])}</dd></div>`)}
      ${faces.reference && html`<div><dt>${t('faces.reference')}</dt><dd>${faces.reference}</dd></div>`}</dl>
    <details><summary>${t('faces.sheet')}</summary><dl class="facts">${['what', 'why', 'how', 'where', 'protection', 'rights', 'keep'].map((name) => html`<div key=${name}>
      <dt>${t(`faces.sheet.${name}`)}</dt><dd>${t(`faces.sheet.${name}.text`, { n: number(faces.persons) })}</dd></div>`)}</dl>
      <button type="button" onClick=${() => print()}>${t('act.print')}</button></details>
    ${has('administrator') && html`<${Filing} key=${faces.reference} faces=${faces} onDone=${reload} />`}</section>`;
}

/* ---- consent texts ---- */

function Kind({ kind, words, disabled, onChange }) {
  return html`<fieldset disabled=${disabled}><legend>${t(`consent.${kind}`)}</legend>
    ${WORDS.map(([name, max, rows]) => html`<label class="field" key=${name}><span>${t(`edition.${name}`)}</span>
      ${rows === 1
        ? html`<input maxlength=${max} required value=${words[name]} onInput=${(event) => onChange({ ...words, [name]: event.target.value })} />`
        : html`<textarea maxlength=${max} rows=${rows} required value=${words[name]}
          onInput=${(event) => onChange({ ...words, [name]: event.target.value })}></textarea>`}</label>`)}</fieldset>`;
}

function Edit({ newest, onDone, onCancel }) {
  const [texts, setTexts] = useState(newest.texts);
  const [renews, setRenews] = useState(false);
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      const made = await post('/api/v1/console/consents', { renews, ...texts });
      notify('ok', t('edition.made', { version: made.text_version }));
      onDone();
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<form onSubmit=${submit}><p class="muted small">${t('edition.holes')}</p>
    ${KINDS.map((kind) => html`<${Kind} key=${kind} kind=${kind} words=${texts[kind]} disabled=${state.busy}
      onChange=${(words) => setTexts({ ...texts, [kind]: words })} />`)}
    <label class="check-field"><input type="checkbox" name="renews" checked=${renews}
      onChange=${(event) => setRenews(event.target.checked)} /> <span>${t('edition.renews_do')}</span></label>
    <${ProblemBox} problem=${state.problem} />
    <div class="row"><button type="button" onClick=${onCancel}>${t('act.cancel')}</button>
      <button type="submit" class="primary" disabled=${state.busy}>${t('edition.save')}</button></div></form>`;
}

function Consents() {
  const { data, error, reload } = useLoad((signal) => get('/api/v1/console/consents', { signal }), []);
  const [editing, setEditing] = useState(false);
  if (error)
    return html`<${ProblemBox} problem=${error} retry=${reload} />`;
  if (!data)
    return null;
  const [newest] = data.items;
  return html`<section class="card"><h2>${t('edition.title')}</h2><p class="muted small">${t('edition.about')}</p>
    ${editing ? html`<${Edit} newest=${newest} onDone=${() => { setEditing(false); reload(); }} onCancel=${() => setEditing(false)} />` : html`
      <${Table} label=${t('edition.title')} heads=${['text_version', 'created', 'renews'].map((name) => t(`edition.${name}`))}>
        ${data.items.map((one) => html`<tr key=${one.text_version}><td><details><summary>${one.text_version}</summary>
          ${KINDS.map((kind) => html`<h3 key=${kind}>${one.texts[kind].title_zh}</h3><p class="wrap">${one.texts[kind].text_zh}</p>`)}</details></td>
          <td class="num">${one.created ? date(one.created) : t('edition.built_in')}</td><td>${one.renews ? t('edition.again') : '–'}</td></tr>`)}<//>
      ${has('administrator') && html`<button type="button" onClick=${() => setEditing(true)}>${t('edition.new')}</button>`}`}</section>`;
}

export function Privacy() {
  return html`<${Heading} title=${t('page.privacy')} /><div class="stack">
    ${has('administrator', 'auditor') && html`<${Faces} />`}<${Consents} /></div>`;
}
