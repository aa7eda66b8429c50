// session — one capture session: progress, rules, roster.
import { get, put } from '../shared/api.js';
import { dateTime, number, t } from '../shared/i18n.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { stateLabel, stateNames } from '../shared/workflow.js';
import { html, useLoad, useState } from '../shared/view.js';
import { has } from './account.js';
import { Badge, Heading } from './parts.js';
import { GroupOrders } from './payments_groups.js';
import { PolicyForm } from './policy_form.js';
import { PolicyVersions } from './policy_versions.js';
import { presetName, usePresets } from './presets.js';
import { Roster } from './roster.js';
import { SessionCard, levelName } from './session_fields.js';
import { Templates } from './templates.js';

function Progress({ progress, code, id }) {
  const most = Math.max(1, ...Object.values(progress.by_state));
  return html`<section class="card"><h2>${t('session.progress')}</h2>
    <dl class="figures"><div><dt>${t('session.roster')}</dt><dd class="num">${number(progress.roster)}</dd></div>
      <div><dt>${t('session.linked')}</dt><dd class="num">${number(progress.linked)}</dd></div>
      <div><dt>${t('session.missing')}</dt><dd class="num">${number(Math.max(progress.roster - progress.linked, 0))}</dd></div></dl>
    ${(has('school') || has('service') || has('administrator')) && html`<p><a href="#/missing/${id}">${t('missing.open')}</a></p>`}
    <ul class="bars">${stateNames().filter((name) => progress.by_state[name]).map((name) => html`<li key=${name}>
      <a href="#/submissions?state=${name}&session=${code}">${stateLabel(name)}</a><meter min="0" max=${most}
        value=${progress.by_state[name]} aria-label=${stateLabel(name)}></meter><span
        class="num">${number(progress.by_state[name])}</span></li>`)}</ul></section>`;
}

function Rules({ session, onSaved }) {
  const presets = usePresets();
  const [policy, setPolicy] = useState(session.policy);
  const [state, setState] = useState({});
  const mayChange = has('administrator');
  const changed = JSON.stringify(policy) !== JSON.stringify(session.policy);
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      const saved = await put(`/api/v1/console/sessions/${session.id}/policy`, { policy_version: session.policy_version, policy });
      setState({});
      notify('ok', t('session.saved', { n: saved.policy_version }));
      onSaved();
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<section class="card"><h2>${t('session.policy')} <span class="muted num">v${session.policy_version}</span></h2>
    ${presets && html`<p class="muted">${t('preset.began', { name: presetName(presets, session.policy.preset) })}</p>`}
    <form onSubmit=${submit}><${PolicyForm} policy=${policy} detail=${state.problem?.detail} disabled=${!mayChange}
      onChange=${setPolicy} />
      <${ProblemBox} problem=${state.problem} />
      ${mayChange && html`<div class="row"><button type="submit" class="primary"
        disabled=${!changed || state.busy}>${t('session.save_policy')}</button>
        ${changed && html`<button type="button"
          onClick=${() => setPolicy(session.policy)}>${t('act.discard')}</button>`}</div>`}</form></section>`;
}

export function SessionPage({ id }) {
  const { data, error, reload } = useLoad((signal) => get(`/api/v1/console/sessions/${id}`, { signal }), [id]);
  if (!data)
    return html`<${Heading} title=${t('page.session')} /><${ProblemBox} problem=${error} retry=${reload} />`;
  return html`
    <nav class="crumbs" aria-label=${t('nav.crumbs')}><a href="#/sessions">${t('page.sessions')}</a></nav>
    <${Heading} title=${data.name}>
      <${Badge} tone=${data.open_now ? 'ok' : 'plain'}>${data.open_now ? t('session.open') : t('session.shut')}<//><//>
    <p class="muted">${[data.school_name, data.level && levelName(data.level), data.graduation_year > 0 && t('session.year_of', { n: data.graduation_year }), data.batch_name].filter(Boolean).join(' · ')} · <span class="num">${data.code}</span> · <span
      class="num">${dateTime(data.opens)} – ${dateTime(data.closes)}</span></p>
    ${data.policy.follow_account && !data.knows_followers && html`<p class="problem">${t('session.no_followers')}</p>`}
    <div class="columns"><${Rules} key=${data.policy_version} session=${data} onSaved=${reload} />
      <div><${Progress} progress=${data.progress} code=${data.code} id=${data.id} /><${SessionCard} key=${data.version} session=${data} onSaved=${reload} />${has('administrator') && html`<${Roster} session=${data}
        onDone=${reload} />`}${has('service', 'senior', 'administrator') && html`<${Templates} session=${data} />`}${data.policy.payment !== 'none' && has('service', 'administrator', 'auditor', 'school') && html`<${GroupOrders} session=${data} />`}<${PolicyVersions} session=${data} onSaved=${reload} /></div></div>`;
}
