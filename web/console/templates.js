// templates — the WeChat templates of a session: ids and field keys, checked by the server, with a look beforehand.
import { get, post, put } from '../shared/api.js';
import { t } from '../shared/i18n.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { html, useLoad, useState } from '../shared/view.js';
import { has } from './account.js';
import { Badge } from './parts.js';

const same = (one, other) => one.channel === other.channel && one.kind === other.kind;

function Preview({ path, item }) {
  const { data, error } = useLoad((signal) => post(`${path}/preview`, { channel: item.channel, kind: item.kind, template_id: item.template_id, fields: item.fields }, { signal }),
    [item.channel, item.kind, item.template_id, JSON.stringify(item.fields)]);
  return html`<${ProblemBox} problem=${error} />${(data?.items || []).map((one) => html`<div key=${one.kind} class="preview"><strong>${one.title}</strong>
    <dl class="facts">${one.fields.map((field) => html`<div key=${field.key}><dt>${t(`template.role.${field.role}`)} <code>${field.key}</code></dt><dd>${field.value ?? '–'} ${field.changed && html`<${Badge}
      tone="warn">${t('template.cut')}<//>`}</dd></div>`)}</dl></div>`)}`;
}

function Row({ item, path, disabled, onChange }) {
  const [open, setOpen] = useState(false);
  const key = (role, value) => onChange({ ...item, own: true, fields: { ...item.fields, [role]: value } });
  return html`<fieldset><legend>${t(`channel.${item.channel}`)} · ${t(`template.${item.kind}`)} ${item.own && html`<${Badge} tone="info">${t('template.own')}<//>`}</legend>
    <label class="field"><span>${t('template.id')}</span><input class="mono" maxlength="100" disabled=${disabled} value=${item.template_id}
      onInput=${(event) => onChange({ ...item, own: event.target.value !== '', template_id: event.target.value })} /></label>
    <div class="choices">${Object.entries(item.fields).map(([role, value]) => html`<label key=${role} class="field"><span>${t(`template.role.${role}`)}</span><input
      class="mono" maxlength="40" disabled=${disabled} value=${value} onInput=${(event) => key(role, event.target.value)} /></label>`)}</div>
    <button type="button" class="quiet" aria-expanded=${open} onClick=${() => setOpen(!open)}>${t('template.preview')}</button>
    ${open && html`<${Preview} path=${path} item=${item} />`}</fieldset>`;
}

export function Templates({ session }) {
  const path = `/api/v1/console/sessions/${session.id}/templates`;
  const { data, error, reload } = useLoad((signal) => get(path, { signal }), [path]);
  const [items, setItems] = useState(null);
  const [problem, setProblem] = useState(null);
  const shown = items || data?.items || [];
  const save = () => put(path, { items: shown.filter((one) => one.own).map(({ channel, kind, template_id, fields }) => ({ channel, kind, template_id, fields })) })
    .then(() => { setItems(null); setProblem(null); reload(); notify('ok', t('template.saved')); }, setProblem);
  return html`<section class="card"><details><summary><h2>${t('template.title')}</h2></summary><p class="muted small">${t('template.about')}</p>
    <${ProblemBox} problem=${error || problem} />
    ${shown.map((item) => html`<${Row} key=${item.channel + item.kind} item=${item} path=${path} disabled=${!has('administrator')}
      onChange=${(next) => setItems(shown.map((one) => (same(one, next) ? next : one)))} />`)}
    ${has('administrator') && html`<button type="button" class="primary" disabled=${!items} onClick=${save}>${t('act.save')}</button>`}</details></section>`;
}
