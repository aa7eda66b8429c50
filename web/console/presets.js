// presets — the ready-made rules as cards: what students do, what they pay, how long it takes. Picking one fills the form.
import { get } from '../shared/api.js';
import { language, money, pick, t } from '../shared/i18n.js';
import { html, useLoad, useValue } from '../shared/view.js';

/** {items, plain}; null until it is here. */
export const usePresets = () => useLoad((signal) => get('/api/v1/console/presets', { signal }), []).data;

/** The few rules that tell one preset from another, in words. */
function facts(policy) {
  const choice = (name) => t(`policy.${name}.${policy[name]}`);
  const paid = policy.payment === 'none' ? choice('payment') : `${choice('payment')} · ${money(policy.price_fen)}`;
  const asked = ['collection_code', 'phone', 'notice'].filter((name) => policy[name] === 'required').map((name) => t(`policy.${name}`));
  const goes = [policy.deliver_chsi && t('policy.deliver_chsi'), policy.deliver_print && t('policy.deliver_print'),
    policy.deliver_mail !== 'none' && choice('deliver_mail'), policy.confirm_after_approval && t('policy.confirm_after_approval')].filter(Boolean);
  return [['identity_method', choice('identity_method')], ['collects', asked.join(' · ')], ['capture_source', choice('capture_source')],
    ['selfie', choice('selfie')], ['payment', paid], ['sla_hours', `${t('preset.hours', { n: policy.sla_hours })}${policy.sla_working_days ? ` · ${t('policy.sla_working_days')}` : ''}`],
    ['goes', goes.join(' · ')]].filter(([, words]) => words);
}
const SHORT = ['identity_method', 'collects', 'sla_hours', 'goes'];
const label = (name) => (SHORT.includes(name) ? t(`preset.${name}`) : t(`policy.${name}`));

function Card({ preset, chosen, onPick }) {
  return html`<label class="preset ${chosen ? 'chosen' : ''}"><input type="radio" name="preset" value=${preset.name} checked=${chosen}
      onChange=${() => onPick(preset)} />
    <b>${pick(preset) || t('preset.plain')}</b> ${preset.name && html`<span class="muted num">${preset.name}</span>`}
    <span class="muted small">${preset[`about_${language.value}`] || t('preset.plain_about')}</span>
    <dl class="small">${facts(preset.policy).map(([name, words]) => html`<div key=${name}><dt>${label(name)}</dt><dd>${words}</dd></div>`)}</dl></label>`;
}

export function Presets({ presets, value, onPick }) {
  useValue(language);
  const all = [...presets.items, { name: '', policy: presets.plain }];
  return html`<fieldset class="presets"><legend>${t('policy.preset')}</legend>
    ${all.map((preset) => html`<${Card} key=${preset.name} preset=${preset} chosen=${preset.name === value} onPick=${onPick} />`)}</fieldset>`;
}

/** Where the rules began, in a word. */
export function presetName(presets, name) {
  const preset = presets?.items.find((one) => one.name === name);
  return preset ? `${name} ${pick(preset)}` : t('preset.plain');
}
