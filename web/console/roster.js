// roster — import the list of students: choose a file, it is checked while nothing is written, then taken or cancelled.
// The file goes up in parts; what the server does with it is shown as it happens, also after a reload.
import { call, get, patch, post, remove } from '../shared/api.js';
import { dateTime, number, t } from '../shared/i18n.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { saveBlob } from '../shared/save.js';
import { html, useEffect, useRef, useState } from '../shared/view.js';
import { sha256 } from '../student/sha256.js';
import { Badge } from './parts.js';
import { RosterReport } from './roster_report.js';

const PART = 1 << 20;
const LOOK_MS = 700;
const BUSY = ['receiving', 'reading', 'importing', 'cancelled'];

async function send(session, file, onSent) {
  const digest = await sha256(await file.arrayBuffer());
  const { id } = await post(`/api/v1/console/sessions/${session.id}/rosters`, { file_name: file.name, size_bytes: file.size, sha256: digest, mode: 'all', dry_run: true });
  for (let offset = 0; offset < file.size;) {
    const part = await file.slice(offset, offset + PART).arrayBuffer();
    ({ offset } = await patch(`/api/v1/console/rosters/${id}`, part, { type: 'application/offset+octet-stream', headers: { 'upload-offset': String(offset) }, timeout_ms: 120000 }));
    onSent(offset);
  }
  return id;
}

function Bar({ run, sent }) {
  const receiving = run.state === 'receiving';
  const total = receiving ? run.size_bytes : run.bytes_total, done = receiving ? sent : run.bytes_done;
  return html`<div class="result" role="status"><p>${t(`roster.${run.state}`)} · ${run.file_name}</p>
    <progress max=${Math.max(total, 1)} value=${done} aria-label=${t(`roster.${run.state}`)}></progress>
    <p class="muted small num">${run.rows_total > 0 && t('roster.rows', { done: number(run.rows_done || run.rows_total), total: number(run.rows_total) })}
      ${run.eta_s > 1 && ` · ${t('roster.eta', { n: number(run.eta_s) })}`}</p></div>`;
}

function History({ session, turn }) {
  const [items, setItems] = useState([]);
  useEffect(() => { get(`/api/v1/console/sessions/${session.id}/rosters`, { query: { limit: 10 } }).then((page) => setItems(page.items), () => {}); }, [turn]);
  return items.length > 0 && html`<details><summary>${t('roster.history')}</summary><ul class="plain">${items.map((one) => html`<li key=${one.id}>
    <span class="num">${dateTime(one.created)}</span> ${one.file_name} <${Badge} tone=${one.state === 'done' ? 'ok' : 'plain'}>${t(one.state === 'done' ? 'roster.import' : `roster.${one.state}`)}<//>
    <span class="muted num"> +${number(one.added)} ~${number(one.changed)} ✗${number(one.errors)} · ${one.created_by}</span></li>`)}</ul></details>`;
}

export function Roster({ session, onDone }) {
  const [file, setFile] = useState(null);
  const [run, setRun] = useState(null);
  const [sent, setSent] = useState(0);
  const [problem, setProblem] = useState(null);
  const [turn, setTurn] = useState(0);
  const alive = useRef(true);
  useEffect(() => () => { alive.current = false; }, []);
  const end = () => { setTurn((n) => n + 1); onDone(); };
  const look = async (id) => {
    try {
      const now = await get(`/api/v1/console/rosters/${id}`);
      if (!alive.current)
        return;
      setRun(now);
      if (BUSY.includes(now.state)) {
        setTimeout(() => alive.current && look(id), LOOK_MS);
      } else if (now.state === 'done') {
        notify('ok', t('roster.done', { n: number(now.added + now.changed) }));
        end();
      }
    } catch (error) {
      if (error.code === 'not_found')
        setRun(null);
      else
        setProblem(error);
    }
  };
  useEffect(() => { // an import that was begun before this page was opened
    get(`/api/v1/console/sessions/${session.id}/rosters`, { query: { limit: 5 } }).then(({ items }) => {
      const open = items.find((one) => ['reading', 'ready', 'importing'].includes(one.state));
      if (open)
        look(open.id);
    }, () => {});
  }, []);
  const guard = (work) => async () => {
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setProblem(error);
    }
  };
  const start = guard(async () => {
    setSent(0);
    setRun({ state: 'receiving', file_name: file.name, size_bytes: file.size, rows_total: 0 });
    await look(await send(session, file, setSent).catch((error) => { setRun(null); throw error; }));
  });
  const take = (mode) => guard(async () => {
    await post(`/api/v1/console/rosters/${run.id}/import`, { mode });
    await look(run.id);
  });
  const cancel = guard(async () => {
    await remove(`/api/v1/console/rosters/${run.id}`);
    await look(run.id);
  });
  const saveErrors = guard(async () => saveBlob((await call('GET', `/api/v1/console/rosters/${run.id}/errors`)).data, `errors-${session.code}.csv`));
  const busy = run && BUSY.includes(run.state);
  const drop = (event) => { event.preventDefault(); if (!busy) setFile(event.dataTransfer.files[0] || null); };
  return html`<section class="card" onDragOver=${(event) => event.preventDefault()} onDrop=${drop}><h2>${t('roster.title')}</h2>
    <p class="muted small">${t('roster.about')} <button type="button" class="link"
      onClick=${() => saveBlob(new Blob([`\ufeff${t('roster.heads')}\r\n`], { type: 'text/csv' }), 'roster.csv')}>${t('roster.template')}</button></p>
    <label class="field"><span>${t('roster.drop')} ${t('roster.file')}</span><input type="file" name="roster" disabled=${busy}
      accept=".csv,.xlsx,text/csv" onChange=${(event) => { setFile(event.target.files[0] || null); setRun(null); }} /></label>
    ${file && html`<p class="small"><b>${file.name}</b> <span class="num">${number(Math.ceil(file.size / 1024))} KiB</span></p>`}
    <${ProblemBox} problem=${problem} />
    ${busy && html`<${Bar} run=${run} sent=${sent} />`}
    ${run && !busy && html`<${RosterReport} run=${run} onSaveErrors=${saveErrors} />`}
    <div class="row">
      ${run?.state !== 'ready' && html`<button type="button" class="primary" disabled=${!file || busy} onClick=${start}>${t('roster.dry_run')}</button>`}
      ${run?.state === 'ready' && html`<button type="button" class="primary" disabled=${run.added + run.changed === 0}
        onClick=${take(run.errors > 0 ? 'good' : 'all')}>${t(run.errors > 0 ? 'roster.import_good' : 'roster.import')}</button>`}
      ${run?.id && !['done', 'cancelled'].includes(run.state) && html`<button type="button" onClick=${cancel}>${t('roster.cancel')}</button>`}</div>
    <${History} session=${session} turn=${turn} />
  </section>`;
}
