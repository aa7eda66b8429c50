// batch — one batch and the steps it goes through; each step can be left and taken up again later.
import { call, get, post } from '../shared/api.js';
import { Ask } from '../shared/dialog.js';
import { dateTime, number, t } from '../shared/i18n.js';
import { on } from '../shared/live.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { saveBlob } from '../shared/save.js';
import { html, useEffect, useInterval, useLoad, useState } from '../shared/view.js';
import { has } from './account.js';
import { BATCH_TONES } from './batches.js';
import { Badge, FileOrText, Heading, Table } from './parts.js';

const STEPS = { chsi: ['build', 'download', 'hand_over', 'receipt'], print: ['build', 'download', 'printed'], mail: ['build', 'download', 'tracking'] };
const ITEM_TONES = { open: 'plain', accepted: 'ok', refused: 'bad', printed: 'ok', shipped: 'ok', missing: 'bad' };

/** How many steps are behind us. */
function stepsDone(batch) {
  if (batch.state === 'done')
    return 9;
  return { building: 0, failed: 0, built: 1, handed_over: 3 }[batch.state] ?? 0;
}

async function download(batch) {
  const { data, headers } = await call('GET', `/api/v1/console/batches/${batch.id}/file`, { timeout_ms: 300000 });
  const named = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(headers.get('content-disposition') || '');
  saveBlob(data, named ? decodeURIComponent(named[1]) : batch.name);
}

/** A CSV that the server matches with the items; shows what came of it. */
function Import({ batch, what, hint, onDone }) {
  const [bytes, setBytes] = useState(null);
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      setState({ result: await post(`/api/v1/console/batches/${batch.id}/${what}`, await bytes.arrayBuffer(), { type: 'text/csv', timeout_ms: 120000 }) });
      onDone();
    } catch (problem) {
      setState({ problem });
    }
  };
  const { result } = state;
  return html`<form onSubmit=${submit}>
    <${FileOrText} label=${t(`batch.${what}.file`)} hint=${hint} accept=".csv,text/csv,text/plain" name="csv" onBytes=${setBytes} />
    <${ProblemBox} problem=${state.problem} />
    ${result && html`<div class="result" role="status"><dl class="figures">
        ${['matched', 'accepted', 'refused'].filter((name) => name in result).map((name) => html`<div key=${name}>
          <dt>${t(`result.${name}`)}</dt><dd class="num">${number(result[name])}</dd></div>`)}
        <div><dt>${t('result.unknown')}</dt><dd class="num">${number(result.unknown.length)}</dd></div></dl>
      ${result.unknown.length > 0 && html`<details open><summary>${t('result.unknown_list')}</summary><pre
        class="mono small">${result.unknown.join('\n')}</pre></details>`}</div>`}
    <button type="submit" class="primary" disabled=${!bytes || state.busy}>${t(`batch.${what}.run`)}</button>
  </form>`;
}

const RECEIPT_HINT = 'file_name,result,reason\n20220001.jpg,accepted,\n20220002.jpg,refused,chsi_quality';
const TRACKING_HINT = 'code,carrier,tracking_no\n3B92K7-4,EMS,EA123456789CN';

/** What each step shows; `ask(event)` asks before it is noted for good. */
const BODIES = {
  build: ({ batch }) => (batch.state === 'building'
    ? html`<p class="row"><progress></progress> <span class="muted">${t('batch.building')}</span></p>`
    : html`<p class="muted">${t('batch.built_count', { n: number(batch.item_count) })}</p>`),
  download: ({ batch, active, fetchFile }) => html`<button type="button" class=${active ? 'primary' : ''}
    disabled=${!batch.file_ready} onClick=${fetchFile}>${t(`batch.download.${batch.kind}`)}</button>`,
  hand_over: ({ batch, ask }) => html`
    <p class="muted">${batch.handed_over ? dateTime(batch.handed_over) : t('batch.hand_over.text')}</p>
    ${batch.state === 'built' && html`<button type="button" onClick=${() => ask('handed_over')}>${t('batch.hand_over')}…</button>`}`,
  receipt: ({ batch, reload }) => ['handed_over', 'done'].includes(batch.state)
    && html`<${Import} batch=${batch} what="receipt" hint=${RECEIPT_HINT} onDone=${reload} />`,
  printed: ({ batch, ask }) => (batch.state === 'built'
    ? html`<button type="button" onClick=${() => ask('printed')}>${t('batch.printed')}…</button>`
    : html`<p class="muted">${batch.state === 'done' ? t('batch.printed.text') : ''}</p>`),
  tracking: ({ batch, reload }) => batch.state !== 'building'
    && html`<${Import} batch=${batch} what="tracking" hint=${TRACKING_HINT} onDone=${reload} />`,
};
const ASKED = { handed_over: 'batch.hand_over', printed: 'batch.printed' };

function Step({ name, batch, active, done, reload }) {
  const [asked, ask] = useState(null);
  const [problem, setProblem] = useState(null);
  const note = async () => {
    await post(`/api/v1/console/batches/${batch.id}/${asked}`);
    notify('ok', t('batch.noted'));
    reload();
  };
  const fetchFile = () => { setProblem(null); download(batch).catch(setProblem); };
  const mayAct = has('batch') || name === 'build';
  return html`<li class="step ${done ? 'step-done' : active ? 'step-active' : ''}" aria-current=${active ? 'step' : null}>
    <h2>${done && html`<span aria-hidden="true">✔ </span>`}${t(`step.${name}`)}</h2>
    ${mayAct ? BODIES[name]({ batch, active, reload, ask, fetchFile }) : html`<p class="muted">${t('queue.no_role')}</p>`}
    <${ProblemBox} problem=${problem} />
    ${asked && html`<${Ask} title=${t(ASKED[asked])} text=${t(`confirm.${asked}`, { n: batch.item_count })} label=${t(ASKED[asked])}
      run=${note} onClose=${() => ask(null)} />`}
  </li>`;
}

export function BatchPage({ id }) {
  const { data: batch, error, reload } = useLoad((signal) => get(`/api/v1/console/batches/${id}`, { signal }), [id]);
  useEffect(() => on('batch.changed', (event) => event?.id === id && reload()), [id]);
  useInterval(reload, batch?.state === 'building' ? 2000 : 0);
  if (!batch)
    return html`<${Heading} title=${t('page.batch')} /><${ProblemBox} problem=${error} retry=${reload} />`;
  const done = stepsDone(batch);
  return html`
    <nav class="crumbs" aria-label=${t('nav.crumbs')}>
      <a href="#/batches?kind=${batch.kind}">${t('page.batches')} · ${t(`batch.${batch.kind}`)}</a></nav>
    <${Heading} title=${batch.name}><${Badge} tone=${BATCH_TONES[batch.state]}>${t(`batch.state.${batch.state}`)}<//><//>
    <p class="muted">${batch.session_name} · <span class="num">${batch.session_code}</span> · ${batch.created_by} · <span
      class="num">${dateTime(batch.created)}</span></p>
    ${batch.problem && html`<div class="problem" role="alert"><strong>${batch.problem}</strong></div>`}
    <ol class="steps">${STEPS[batch.kind].map((name, i) => html`<${Step} key=${name} name=${name} batch=${batch} done=${i < done} active=${i === done} reload=${reload} />`)}</ol>
    <${Table} label=${t('batch.items')} heads=${['position', 'code', 'file_name', 'state', 'problem'].map((name) => t(`col.${name}`))}
        empty=${batch.items.length === 0 && batch.state !== 'building' ? t('batch.empty') : null}>
      ${batch.items.map((item) => html`<tr key=${item.submission_id}><td class="num">${item.position + 1}</td><td>
        <a href="#/submissions/${item.submission_id}"><code class="code">${item.code}</code></a></td>
        <td class="mono">${item.file_name}</td><td><${Badge} tone=${ITEM_TONES[item.state]}>${t(`item.${item.state}`)}<//></td>
          <td>${item.problem}</td></tr>`)}<//>`;
}
