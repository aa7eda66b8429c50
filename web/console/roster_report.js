// roster_report — what the check of a roster's file found: figures, bad rows with what to do, differences.
import { number, pick, t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { Table } from './parts.js';

const FIGURES = ['added', 'changed', 'same', 'linked_kept'];

export function RosterReport({ run, onSaveErrors }) {
  return html`<div class="result" role="status"><p>${t(run.state === 'done' ? 'roster.done' : `roster.${run.state}`, { n: number(run.added + run.changed) })}${run.problem && html` · ${run.problem}`}</p>
    <dl class="figures">${FIGURES.map((name) => html`<div key=${name}><dt>${t(`roster.${name}`)}</dt><dd
      class="num">${number(run[name])}</dd></div>`)}
      <div class=${run.errors > 0 ? 'bad' : ''}><dt>${t('roster.errors')}</dt><dd class="num">${number(run.errors)}</dd></div></dl>
    ${run.sample_errors.length > 0 && html`<${Table} label=${t('roster.errors')}
      heads=${[t('col.line'), t('col.column'), t('col.problem'), t('roster.fix')]}>
      ${run.sample_errors.map((one) => html`<tr key=${`${one.line}.${one.column}`}><td class="num">${one.line}</td><td
        class="nowrap">${one.column}</td><td>${pick(one)}</td><td>${pick(one, 'fix')}</td></tr>`)}<//>
      <button type="button" onClick=${onSaveErrors}>${t('roster.save_errors')}</button>`}
    ${run.diff.length > 0 && html`<details open><summary>${t('roster.diff')}</summary><${Table} label=${t('roster.diff')}
      heads=${[t('col.line'), t('missing.student_no'), t('roster.field'), t('roster.from'), t('roster.to')]}>
      ${run.diff.map((one, i) => html`<tr key=${i}><td class="num">${one.line}</td><td class="num">${one.student_no}</td><td
        class="nowrap">${one.field}</td><td>${one.from_masked}</td><td>${one.to_masked}</td></tr>`)}<//></details>`}</div>`;
}
