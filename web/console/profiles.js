// profiles — the photo profiles for people: names, size, background and windows; as a table to choose from.
import { get } from '../shared/api.js';
import { language, number, pick, t } from '../shared/i18n.js';
import { html, useEffect, useRef, useState, useValue } from '../shared/view.js';

let known = null;

/** All profiles, loaded once a page; empty until then. */
export function useProfiles() {
  const [list, setList] = useState([]);
  useEffect(() => {
    known ||= get('/api/v1/profiles').then(({ items }) => items);
    known.then(setList, () => { known = null; });
  }, []);
  return list;
}

/** A patch of the background's colour. */
export function Swatch({ profile }) {
  const box = useRef();
  useEffect(() => {
    if (profile?.background)
      box.current.style.backgroundColor = `rgb(${profile.background.join(' ')})`;
  }, [profile]);
  return profile?.background ? html`<span class="swatch" ref=${box} role="img"
    aria-label=${t('profile.background_alt', { value: profile.background.join(', ') })}></span>` : null;
}

const span = (low, high, unit = '') => (low === undefined ? '' : low === high ? `${number(low)}${unit}` : `${number(low)} – ${number(high)}${unit}`);
const millimetres = (profile) => [profile.width_px, profile.height_px].map((side) => (side / profile.dpi * 25.4).toFixed(0)).join('×');
const WINDOWS = ['crown', 'eye', 'face_width', 'head_height', 'chin_below'];
const windowOf = (profile, name, unit = ' px') => span(profile[`${name}_min_px`], profile[`${name}_max_px`], unit);
const kilobytes = (profile) => (profile.size_bytes_max ? span(profile.size_bytes_min / 1024, profile.size_bytes_max / 1024, ' KB') : '');

/** One profile in words. */
export function ProfileFacts({ profile }) {
  const rows = [['size', `${profile.width_px}×${profile.height_px} px · ${millimetres(profile)} mm · ${profile.dpi} dpi`], ['file', kilobytes(profile)],
    ...WINDOWS.map((name) => [name, windowOf(profile, name)])];
  return html`<dl class="facts profile-facts">${rows.filter(([, value]) => value).map(([name, value]) => html`<div key=${name}>
    <dt>${t(`profile.${name}`)}</dt><dd class="num">${value}</dd></div>`)}</dl>`;
}

const windows = (profile) => WINDOWS.map((name) => [name, windowOf(profile, name, '')]).filter(([, text]) => text)
  .map(([name, text]) => `${t(`profile.${name}`)} ${text.replaceAll(' ', '')}`).join(' · ');

/** Choose one profile; every line says what it is. */
export function ProfileTable({ value, disabled, onChange }) {
  useValue(language);
  const profiles = useProfiles();
  const row = (profile) => {
    const on = profile.name === value;
    return html`<tr key=${profile.name} class=${on ? 'row-on' : ''} onClick=${() => !disabled && onChange(profile.name)}>
      <td><label class="profile-name"><input type="radio" name="profile" value=${profile.name} checked=${on} disabled=${disabled}
        onChange=${() => onChange(profile.name)} /><span>${pick(profile) || profile.name}<br /><small class="muted num">${windows(profile)}</small></span></label></td>
      <td><${Swatch} profile=${profile} /></td>
      <td class="num nowrap">${profile.width_px}×${profile.height_px} px<br /><small class="muted">${millimetres(profile)} mm · ${profile.dpi} dpi
        ${kilobytes(profile) && html`<br />${kilobytes(profile)}`}</small></td></tr>`;
  };
  return html`<div class="table-box profile-table" role="region" aria-label=${t('policy.profile')} tabindex="0"><table>
    <thead><tr>${['name', 'background', 'size'].map((name) => html`<th key=${name} scope="col">${t(`profile.${name}`)}</th>`)}</tr></thead>
    <tbody>${profiles.map(row)}</tbody></table></div>`;
}
