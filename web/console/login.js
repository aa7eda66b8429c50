// login — name and password. The server decides about locks; its sentence is shown as it is.
import { t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useRef, useState } from '../shared/view.js';
import { logIn } from './account.js';
import { LanguageButton } from './frame.js';

export function Login() {
  const [state, setState] = useState({});
  const [shown, setShown] = useState(false);
  const name = useRef();
  const password = useRef();
  useEffect(() => {
    document.title = `${t('login.title')} · ${t('app.name')}`;
    name.current.focus();
  }, []);
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      await logIn(name.current.value.trim(), password.current.value);
    } catch (problem) {
      setState({ problem });
      password.current.select();
    }
  };
  return html`<main class="alone">
    <form class="card login" onSubmit=${submit}>
      <div class="row spread"><span class="brand"><span class="mark" aria-hidden="true"></span>${t('app.name')}</span>
        <${LanguageButton} /></div>
      <h1>${t('login.title')}</h1>
      <label class="field"><span>${t('login.name')}</span>
        <input ref=${name} name="name" autocomplete="username" autocapitalize="none" spellcheck=${false} maxlength="60" required />
          </label>
      <label class="field"><span>${t('login.password')}</span>
        <span class="with-button">
          <input ref=${password} name="password" type=${shown ? 'text' : 'password'}
            autocomplete="current-password" maxlength="200" required />
          <button type="button" class="quiet" aria-pressed=${shown}
            onClick=${() => setShown(!shown)}>${shown ? t('login.hide') : t('login.show')}</button>
        </span></label>
      <${ProblemBox} problem=${state.problem} />
      <button type="submit" class="primary big" disabled=${state.busy}>${state.busy ? t('login.busy') : t('login.submit')}</button>
      <p class="muted small">${t('login.help')}</p>
    </form>
  </main>`;
}
