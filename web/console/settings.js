// settings — how I like the console, and my password.
import { put } from '../shared/api.js';
import { t } from '../shared/i18n.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { prefs } from '../shared/prefs.js';
import { html, useState, useValue } from '../shared/view.js';
import { Heading } from './parts.js';

function Choice({ name, options }) {
  const now = useValue(prefs);
  return html`<fieldset><legend>${t(`settings.${name}`)}</legend><div class="choices">${options.map((value) => html`
    <label key=${value} class="check-field"><input type="radio" name=${name} value=${value} checked=${now[name] === value}
      onChange=${() => prefs.update({ [name]: value })} /> <span>${t(`settings.${name}.${value || 'system'}`)}</span>
      </label>`)}</div></fieldset>`;
}

function Password() {
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    const form = event.target;
    const [old_password, new_password, again] = ['old_password', 'new_password', 'again'].map((name) => form.elements[name].value);
    if (new_password !== again)
      return setState({ problem: { title: t('settings.password_differs') } });
    setState({ busy: true });
    try {
      await put('/api/v1/console/me/password', { old_password, new_password });
      form.reset();
      setState({});
      notify('ok', t('settings.password_changed'));
    } catch (problem) {
      setState({ problem });
    }
    return undefined;
  };
  const field = (name, complete) => html`<label class="field"><span>${t(`settings.${name}`)}</span>
    <input type="password" name=${name} required minlength=${name === 'old_password' ? 1 : 10} maxlength="200"
    autocomplete=${complete} /></label>`;
  return html`<form class="card narrow-card" onSubmit=${submit}><h2>${t('settings.password')}</h2>
    ${field('old_password', 'current-password')}${field('new_password', 'new-password')}${field('again', 'new-password')}
    <p class="muted small">${t('settings.password_hint')}</p>
    <${ProblemBox} problem=${state.problem} />
    <button type="submit" class="primary" disabled=${state.busy}>${t('settings.password_change')}</button></form>`;
}

export const Settings = () => html`
  <${Heading} title=${t('page.settings')} />
  <section class="card narrow-card"><h2>${t('settings.look')}</h2>
    <${Choice} name="theme" options=${['system', 'light', 'dark']} />
    <${Choice} name="language" options=${['', 'zh', 'en']} />
    <${Choice} name="shortcuts" options=${['on', 'alt', 'off']} /></section>
  <${Password} />`;
