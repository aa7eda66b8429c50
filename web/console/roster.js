// roster — import the list of students: always a dry run first, then the same bytes for real. Bad rows are shown, can be
// saved and are left out.
import { post } from '../shared/api.js';
import { number, t } from '../shared/i18n.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { html, useState } from '../shared/view.js';
import { FileOrText, Table } from './parts.js';

export function Roster({ session, onDone }) {
  const [bytes, setBytes] = useState(null);
  const [state, setState] = useState({});
  const run = (dry) => async () => {
    setState({ ...state, busy: true, problem: null });
    try {
      const result = await post(`/api/v1/console/sessions/${session.id}/roster`, await bytes.arrayBuffer(), { query: dry ? { dry_run: 1 } : { only_good: 1 }, type: 'text/csv', timeout_ms: 300000 });
      setState({ result, dry });
      if (!dry) {
        notify('ok', t('roster.done', { n: number(result.added + result.changed) }));
        onDone();
      }
    } catch (problem) {
      setState({ problem });
    }
  };
  const { result } = state;
  const saveErrors = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([`\ufeffline,column,problem\n${result.errors.map((one) => [one.line, one.column, `"${one.problem.replaceAll('"', '""')}"`].join(',')).join('\n')}\n`], { type: 'text/csv' }));
    link.download = `errors-${session.code}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  return html`<section class="card"><h2>${t('roster.title')}</h2>
    <p class="muted small">${t('roster.about')}</p>
    <${FileOrText} label=${t('roster.file')} hint=${t('roster.hint')} accept=".csv,text/csv" name="roster"
      onBytes=${(next) => { setBytes(next); setState({}); }} />
    <${ProblemBox} problem=${state.problem} />
    ${result && html`<div class="result" role="status"><p>${state.dry ? t('roster.would') : t('roster.did')}</p>
      <dl class="figures">${['added', 'changed', 'same'].map((name) => html`<div key=${name}><dt>${t(`roster.${name}`)}</dt><dd
        class="num">${number(result[name])}</dd></div>`)}
        <div class=${result.errors.length > 0 ? 'bad' : ''}><dt>${t('roster.errors')}</dt><dd
          class="num">${number(result.errors.length + (result.errors_not_shown || 0))}</dd></div></dl>
      ${result.errors.length > 0 && html`<${Table} label=${t('roster.errors')}
        heads=${['line', 'column', 'problem'].map((name) => t(`col.${name}`))}>
        ${result.errors.slice(0, 100).map((one) => html`<tr key=${`${one.line}.${one.column}`}><td class="num">${one.line}</td><td
          class="nowrap">${one.column}</td><td>${one.problem}</td></tr>`)}<//>
        <button type="button" onClick=${saveErrors}>${t('roster.save_errors')}</button>`}</div>`}
    <div class="row"><button type="button" class=${state.dry ? '' : 'primary'} disabled=${!bytes || state.busy}
      onClick=${run(true)}>${t('roster.dry_run')}</button>
      <button type="button" class=${state.dry ? 'primary' : ''} disabled=${!bytes || !state.dry || state.busy}
        onClick=${run(false)}>${state.dry && result.errors.length > 0 ? t('roster.import_good') : t('roster.import')}</button></div>
  </section>`;
}
