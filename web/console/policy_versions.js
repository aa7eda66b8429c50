// policy_versions — every version the rules of a session had: who changed what, from which value to which; and the way
// back, which is a new version.
import { get, put } from '../shared/api.js';
import { dateTimeExact, t } from '../shared/i18n.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { html, useLoad, useState } from '../shared/view.js';
import { has } from './account.js';

/** A rule's value as the form shows it. */
function shown(name, value) {
  if (typeof value === 'boolean') return t(value ? 'versions.yes' : 'versions.no');
  if (name === 'price_fen') return (value / 100).toFixed(2);
  if (name.startsWith('face_m')) return (value / 1e6).toFixed(2);
  const known = typeof value === 'string' && value !== '' && !['profile', 'preset', 'print_caption', 'purpose', 'service_hours', 'service_phone'].includes(name);
  return known ? t(`policy.${name}.${value}`) : value === '' ? t('versions.empty') : String(value);
}

function Version({ version, before, current, mayChange, busy, onTake }) {
  return html`<li><p><b class="num">v${version.policy_version}</b> <span class="num muted">${dateTimeExact(version.changed)}</span> <span
      class="muted">${version.changed_by}</span> ${current && html`<span class="muted">${t('versions.current')}</span>`}</p>
    ${before && (version.differs.length > 0
      ? html`<dl class="changes small">${version.differs.map((name) => html`<div key=${name}><dt>${t(`policy.${name}`)}</dt><dd><del>${shown(name, before.policy[name])}</del>
          <span aria-hidden="true"> → </span><ins>${shown(name, version.policy[name])}</ins></dd></div>`)}</dl>`
      : html`<p class="muted small">${t('versions.same')}</p>`)}
    ${!before && html`<p class="muted small">${t('versions.first')}</p>`}
    ${mayChange && !current && html`<button type="button" disabled=${busy} onClick=${() => onTake(version)}>${t('versions.take', { n: version.policy_version })}</button>`}</li>`;
}

export function PolicyVersions({ session, onSaved }) {
  const path = `/api/v1/console/sessions/${session.id}`;
  const { data, error, reload } = useLoad((signal) => get(`${path}/policies?limit=100`, { signal }), [session.id, session.policy_version]);
  const [state, setState] = useState({});
  const take = async (version) => {
    setState({ busy: true });
    try {
      const saved = await put(`${path}/policy`, { policy_version: session.policy_version, policy: version.policy });
      setState({});
      notify('ok', t('session.saved', { n: saved.policy_version }));
      onSaved();
    } catch (problem) {
      setState({ problem });
    }
  };
  const items = data?.items ?? [];
  return html`<section class="card versions"><h2>${t('versions.title')}</h2>
    <${ProblemBox} problem=${error || state.problem} retry=${error && reload} />
    <ol class="rows" reversed>${items.map((version, i) => html`<${Version} key=${version.policy_version} version=${version} before=${items[i + 1]}
      current=${version.policy_version === session.policy_version} mayChange=${has('administrator')} busy=${state.busy} onTake=${take} />`)}</ol></section>`;
}
