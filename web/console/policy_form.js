// policy_form — the rules of a capture session as a form, made from the policy JSON itself: a field per member, its kind
// from its value. The server checks; a refused field is named in its answer.
import { t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { ProfileTable } from './profiles.js';

const CHOICES = {
  identity_method: ['student_number', 'roster', 'id_card', 'id_card_both', 'collection_code'], roster_mode: ['roster', 'code_only'],
  collection_code: ['none', 'optional', 'required'], real_name: ['none', 'service'], phone: ['none', 'optional', 'required'],
  details: ['none', 'confirm', 'complete'], notice: ['none', 'asked', 'required'], capture_source: ['live', 'live_or_album', 'album'],
  selfie: ['allowed', 'discouraged', 'forbidden'], payment: ['none', 'before', 'after'], payer: ['student', 'class', 'school'],
  deliver_mail: ['none', 'student', 'school'], print_layout: ['two_inch', 'one_inch', 'student'],
};
const GROUPS = [
  ['identity', ['identity_method', 'roster_mode', 'collection_code', 'real_name', 'manual_link', 'phone', 'details']],
  ['capture', ['capture_source', 'selfie', 'attempts_max', 'retake_days', 'open_hour', 'close_hour']],
  ['payment', ['payment', 'price_fen', 'payer', 'retake_charged']],
  ['review', ['sla_hours', 'sla_working_days', 'face_match_e6', 'face_mismatch_e6', 'face_consent_needed', 'identity_eyes', 'confirm_after_approval', 'confirm_days']],
  ['delivery', ['deliver_chsi', 'deliver_print', 'print_layout', 'print_caption', 'deliver_mail', 'download_photo', 'retention_days']],
  ['notice', ['notice', 'follow_account', 'quiet_from_hour', 'quiet_to_hour', 'service_hours', 'service_phone', 'purpose']],
];
/** Texts that may be empty, with the length the server takes. */
const FREE_TEXT = { print_caption: 40, service_hours: 60, service_phone: 20, purpose: 300 };
/** Shown to people in other units than stored. */
const SCALE = { face_match_e6: 1e6, face_mismatch_e6: 1e6, price_fen: 100 };

/** One line of words below a field: what it does; for a refused one what the server says of it. */
function Note({ name, wrong }) {
  return html`<small class=${wrong ? 'wrong-text' : 'muted'}>${wrong || t(`policy_help.${name}`)}</small>`;
}

function Input({ name, value, disabled, onChange }) {
  const scale = SCALE[name] || 1;
  if (CHOICES[name])
    return html`<select name=${name} value=${value} disabled=${disabled} onChange=${(event) => onChange(event.target.value)}>
      ${CHOICES[name].map((choice) => html`<option key=${choice} value=${choice}>${t(`policy.${name}.${choice}`)}</option>`)}</select>`;
  if (typeof value === 'number')
    return html`<input name=${name} type="number" step=${1 / scale} value=${value / scale} disabled=${disabled} required
      onInput=${(event) => onChange(Math.round(Number(event.target.value) * scale))} />`;
  if (FREE_TEXT[name] > 100)
    return html`<textarea name=${name} rows="3" disabled=${disabled} maxlength=${FREE_TEXT[name]} value=${value} onInput=${(event) => onChange(event.target.value)}></textarea>`;
  return html`<input name=${name} value=${value} disabled=${disabled} maxlength=${FREE_TEXT[name] || 40} required=${!FREE_TEXT[name]}
    onInput=${(event) => onChange(event.target.value)} />`;
}

function Field({ name, value, wrong, disabled, onChange }) {
  if (typeof value === 'boolean')
    return html`<label class="check-field"><input type="checkbox" name=${name} checked=${value} disabled=${disabled}
      onChange=${(event) => onChange(event.target.checked)} /> <span>${t(`policy.${name}`)}<${Note} name=${name} wrong=${wrong} /></span></label>`;
  return html`<label class="field ${wrong ? 'wrong' : ''}"><span>${t(`policy.${name}`)}</span>
    <${Input} name=${name} value=${value} disabled=${disabled} onChange=${onChange} /><${Note} name=${name} wrong=${wrong} /></label>`;
}

/** `detail` is the server's sentence about a refused policy; it starts with the field's name. */
export function PolicyForm({ policy, detail = '', disabled, onChange }) {
  const grouped = new Set(['preset', 'profile', ...GROUPS.flatMap(([, names]) => names)]);
  const groups = [...GROUPS, ['other', Object.keys(policy).filter((name) => !grouped.has(name))]];
  const wrong = detail.includes('profile:') ? detail : '';
  return html`${'profile' in policy && html`<fieldset disabled=${disabled}><legend>${t('policy.profile')}</legend>
    <${ProfileTable} value=${policy.profile} disabled=${disabled} onChange=${(profile) => onChange({ ...policy, profile })} />
    ${wrong && html`<small class="wrong-text">${wrong}</small>`}</fieldset>`}
    <div class="policy">${groups.map(([group, names]) => {
    const present = names.filter((name) => name in policy);
    return present.length > 0 && html`<fieldset key=${group} disabled=${disabled}><legend>${t(`policy.group.${group}`)}</legend>
      ${present.map((name) => html`<${Field} key=${name} name=${name}
        value=${policy[name]} wrong=${detail.includes(`${name}:`) ? detail : ''} onChange=${(value) => onChange({ ...policy, [name]: value })} />`)}</fieldset>`;
  })}</div>`;
}
