// login — in with WeChat; outside of it and without an account there, the other ways the session offers.
import { loginWechat } from '../shared/client.js';
import { date, t } from '../shared/i18n.js';
import { html, useValue } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Field, Form, Screen, useTask } from './parts.js';
import { logInWith, session } from './student.js';

/** Where the student came to, when the address or an earlier visit says it. */
export const Place = ({ place }) => html`<section class="place"><strong>${place.school}</strong><span>${place.name}</span>
  <small class="muted">${date(place.opens)} – ${date(place.closes)}</small></section>`;

export function Login() {
  const place = useValue(session);
  const form = useDraft('login', { code: '' });
  const [state, start] = useTask(async () => {
    const code = form[0].code.trim();
    await logInWith(await loginWechat({ code: code.startsWith('student-') ? code : `student-${code}` }));
    form[2]();
  });
  return html`<${Screen} title=${t('student.login')} back=${null}>
    ${place && html`<${Place} place=${place} />`}
    <p class="lead">${t('student.login_text')}</p>
    <${Form} state=${state} label=${t('student.login_do')} onSubmit=${start}>
      <${Field} form=${form} name="code" label=${t('student.login_code')} hint=${t('student.code_hint')} required maxlength="120" /><//>
  <//>`;
}
