// derived — the approved photo by other profiles: pick one, wait until it is made, download it.
import { get, post } from '../shared/api.js';
import { language, pick, t } from '../shared/i18n.js';
import { ProblemBox, complain } from '../shared/notices.js';
import { CheckMark } from '../shared/report.js';
import { html, useInterval, useLoad, useState, useValue } from '../shared/view.js';
import { ProfileFacts, Swatch, useProfiles } from './profiles.js';

const POLL_MS = 800;

function Made({ base, one, profile }) {
  const name = pick(profile) || one.profile;
  return html`<li><span class="row"><${Swatch} profile=${profile} /><span>${name}</span>
      ${one.state === 'ready' && html`<${CheckMark} verdict=${one.verdict} />`}</span>
    ${one.state === 'processing' && html`<span class="muted" role="status">${t('derived.processing')}</span>`}
    ${one.state === 'ready' && html`<a class="button" href="${base}/${one.profile}" download>${t('derived.download')}</a>`}
    ${one.state === 'refused' && html`<span class="check-fail">${one.problem.title} <small class="muted" lang="en">${one.problem.detail}</small></span>`}
  </li>`;
}

export function Derived({ submission }) {
  useValue(language);
  const base = `/api/v1/console/submissions/${submission.id}/derived`;
  const profiles = useProfiles();
  const { data, error, replace } = useLoad((signal) => get(base, { signal }), [submission.id, submission.version]);
  const [chosen, setChosen] = useState('');
  const items = data?.items || [];
  const waits = items.some((one) => one.state === 'processing');
  useInterval(() => get(base).then(replace, () => {}), waits ? POLL_MS : 0);
  const rest = profiles.filter((profile) => profile.name !== submission.profile?.name && !items.some((one) => one.profile === profile.name));
  const profile = rest.find((one) => one.name === chosen);
  const make = (event) => {
    event.preventDefault();
    post(base, { profile: chosen }).then((made) => { replace(made); setChosen(''); }, complain);
  };
  return html`<section class="card derived"><h2>${t('derived.title')}</h2>
    <p class="muted small">${t('derived.text')}</p>
    <${ProblemBox} problem=${error} />
    ${items.length > 0 && html`<ul class="rows">${items.map((one) => html`<${Made} key=${one.profile} base=${base} one=${one}
      profile=${profiles.find((each) => each.name === one.profile)} />`)}</ul>`}
    <form class="row" onSubmit=${make}><label class="grow"><span class="unseen">${t('derived.choose')}</span>
      <select name="profile" value=${chosen} onChange=${(event) => setChosen(event.target.value)}>
        <option value="">${t('derived.choose')}</option>
        ${rest.map((one) => html`<option key=${one.name} value=${one.name}>${pick(one) || one.name} · ${one.width_px}×${one.height_px}</option>`)}
      </select></label><button type="submit" class="primary" disabled=${!profile}>${t('derived.make')}</button></form>
    ${profile && html`<${ProfileFacts} profile=${profile} />`}
  </section>`;
}
