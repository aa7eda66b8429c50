// users — accounts and their roles. A new or reset account gets a one-time password, shown here once.
import { patch, post } from '../shared/api.js';
import { Ask, Dialog } from '../shared/dialog.js';
import { date, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useState } from '../shared/view.js';
import { Badge, Heading, More, Table, useList } from './parts.js';

const ROLES = ['reviewer', 'identity_reviewer', 'senior', 'retoucher', 'service', 'batch', 'school', 'administrator', 'auditor'];

function Password({ user, onClose }) {
  const [copied, setCopied] = useState(false);
  const copy = () => navigator.clipboard?.writeText(user.one_time_password).then(() => setCopied(true), () => {});
  return html`<${Dialog} title=${t('user.password_for', { name: user.display_name })} onClose=${onClose}>
    <p>${t('user.password_once')}</p><p class="secret"><code>${user.one_time_password}</code></p>
    <footer><button type="button" onClick=${copy}>${copied ? t('act.copied') : t('act.copy')}</button><button type="button"
      class="primary" onClick=${onClose}>${t('act.done')}</button></footer><//>`;
}

function Edit({ user, onSaved, onClose }) {
  const [roles, setRoles] = useState(user?.roles || ['reviewer']);
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    setState({ busy: true });
    try {
      const display_name = form.get('display_name').trim();
      onSaved(user ? await patch(`/api/v1/console/users/${user.id}`, { version: user.version, roles, display_name })
        : await post('/api/v1/console/users', { name: form.get('name').trim(), display_name, roles }));
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<${Dialog} title=${user ? t('user.edit', { name: user.name }) : t('user.new')} onClose=${onClose}><form
    onSubmit=${submit}>
    ${!user && html`<label class="field"><span>${t('login.name')}</span>
      <input name="name" required minlength="2" maxlength="60" pattern="[a-z0-9._\\-]+" autocapitalize="none" autocomplete="off" />
      <small>${t('user.name_hint')}</small></label>`}
    <label class="field"><span>${t('user.display_name')}</span><input name="display_name" required maxlength="60" autocomplete="off"
      value=${user?.display_name || ''} /></label>
    <fieldset><legend>${t('user.roles')}</legend><div class="grid-2">${ROLES.map((role) => html`<label key=${role}
      class="check-field"><input type="checkbox" checked=${roles.includes(role)}
      onChange=${(event) => setRoles(event.target.checked ? [...roles, role] : roles.filter((one) => one !== role))} /> <span>${t(`role.${role}`)}<small class="muted">${t(`role.${role}.may`)}</small></span></label>`)}</div></fieldset>
    <${ProblemBox} problem=${state.problem} />
    <footer><button type="button" onClick=${onClose}>${t('act.cancel')}</button><button type="submit" class="primary"
      disabled=${state.busy || roles.length === 0}>${t('act.save')}</button></footer>
  </form><//>`;
}

export function Users() {
  const list = useList('/api/v1/console/users');
  const [edit, setEdit] = useState(null);
  const [shown, setShown] = useState(null);
  const [ask, setAsk] = useState(null);
  const saved = (user) => { setEdit(null); list.reload(); if (user.one_time_password) setShown(user); };
  const change = (user, part) => async () => saved(await patch(`/api/v1/console/users/${user.id}`, { version: user.version, ...part }));
  return html`
    <${Heading} title=${t('page.users')}><button type="button" class="primary"
      onClick=${() => setEdit({})}>${t('user.new')}</button><//>
    <${Table} label=${t('page.users')} heads=${['account', 'roles', 'state', 'created', 'change'].map((name) => t(`col.${name}`))}>
      ${list.items.map((user) => html`<tr key=${user.id}><td><strong>${user.display_name}</strong> <span
        class="muted">${user.name}</span></td>
        <td>${user.roles.map((role) => t(`role.${role}`)).join(t('list.comma'))}${user.school && html` <span
          class="muted">(${user.school})</span>`}</td>
        <td><${Badge} tone=${user.disabled ? 'bad' : 'ok'}>${user.disabled ? t('user.disabled') : t('user.enabled')}<//></td><td
          class="num">${date(user.created)}</td>
        <td class="row"><button type="button" class="quiet" aria-label=${t('user.edit', { name: user.name })}
          onClick=${() => setEdit({ user })}>${t('act.edit')}</button>
          <button type="button" class="quiet"
            onClick=${() => setAsk({ user, what: 'reset', part: { reset_password: true } })}>${t('user.reset')}</button>
          <button type="button" class="quiet"
            onClick=${() => setAsk({ user, what: user.disabled ? 'enable' : 'disable', part: { disabled: !user.disabled } })}>${user.disabled ? t('user.enable') : t('user.disable')}</button></td></tr>`)}<//>
    <${More} list=${list} />
    ${edit && html`<${Edit} user=${edit.user} onSaved=${saved} onClose=${() => setEdit(null)} />`}
    ${shown && html`<${Password} user=${shown} onClose=${() => setShown(null)} />`}
    ${ask && html`<${Ask} title=${`${t(`user.${ask.what}`)} · ${ask.user.display_name}`} text=${t(`confirm.user.${ask.what}`)}
      label=${t(`user.${ask.what}`)} danger=${ask.what === 'disable'} run=${change(ask.user, ask.part)} onClose=${() => setAsk(null)} />`}`;
}
