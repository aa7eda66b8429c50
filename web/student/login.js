// login — in with WeChat, with a phone and a code, or with the student number where the session knows students by it.
import * as server from '../shared/client.js';
import { date, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useState, useValue } from '../shared/view.js';
import { draftOf, dropDraft, keepDraft, useDraft } from './draft.js';
import { Field, Form, Screen, Working, inWeChat, serviceOf, useTask } from './parts.js';
import { logInWith, session } from './student.js';

const AGAIN_S = 60;
/** Where the stand-ins of a demonstration can be: never on a public host. */
const isDemo = /^(localhost|127\.|10\.|192\.168\.|\[::1\])/.test(location.hostname);

/** Where the student came to, when the address or an earlier visit says it. */
export const Place = ({ place }) => html`<section class="place"><strong>${place.school}</strong><span>${place.name}</span>
  <small class="muted">${date(place.opens)} – ${date(place.closes)}</small></section>`;

const random = () => [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** WeChat's page comes back with a code and the word we sent along; another word is somebody else's log-in. */
function useWeChatReturn() {
  const [state, start] = useTask(async () => {
    const query = new URLSearchParams(location.search);
    const expected = draftOf('wechat');
    dropDraft('wechat');
    const code = query.get('code');
    history.replaceState(null, '', `${location.pathname}${query.get('session') ? `?session=${query.get('session')}` : ''}${location.hash}`);
    if (expected && query.get('state') === expected)
      await logInWith(await server.loginWechat({ code, kind: 'page' }));
  });
  useEffect(() => { if (new URLSearchParams(location.search).get('code')) start(); }, []);
  return state;
}

function WeChat({ place }) {
  const [state, start] = useTask(async () => {
    const word = random();
    keepDraft('wechat', word);
    const query = { state: word, ...(place ? { session: place.code } : {}) };
    try {
      await server.loginWechatStart({ query, redirect: 'manual' });
    } catch (problem) {
      if (problem.code !== 'http_0') /* 0: it leads to WeChat */
        throw problem;
      location.assign(`/api/v1/login/wechat/start?${new URLSearchParams(query)}`);
    }
  });
  return html`<${ProblemBox} problem=${state.problem} /><div class="stack"><button type="button" class="primary big" disabled=${state.busy} onClick=${start}>${t('login.wechat')}</button></div>`;
}

function ByPhone() {
  const form = useDraft('login-phone', { phone: '', digits: '' });
  const [sent, setSent] = useState(0);
  const [left, setLeft] = useState(0);
  const phone = form[0].phone.replace(/[\s-]/g, '');
  useEffect(() => {
    if (left <= 0)
      return undefined;
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  const [asking, ask] = useTask(async () => { await server.loginPhoneCode({ phone }); setSent(sent + 1); setLeft(AGAIN_S); });
  const [state, start] = useTask(async () => { await logInWith(await server.loginPhone({ phone, code: form[0].digits.trim() })); form[2](); });
  const ready = /^1[3-9]\d{9}$/.test(phone);
  return html`<${Form} state=${sent > 0 ? state : asking} label=${t(sent > 0 ? 'student.login_do' : 'login.send_code')} off=${!ready} onSubmit=${sent > 0 ? start : ask}>
    <${Field} form=${form} name="phone" label=${t('student.phone_title')} type="tel" inputmode="tel" autocomplete="tel-national" required maxlength="13" />
    ${sent > 0 && html`<${Field} form=${form} name="digits" label=${t('login.digits')} hint=${t('login.digits_hint')} inputmode="numeric" autocomplete="one-time-code" required pattern="[0-9]{6}" maxlength="6" />
      <div class="stack"><button type="button" class="big" disabled=${left > 0 || asking.busy} onClick=${ask}>${left > 0 ? t('login.again_in', { s: left }) : t('login.again')}</button></div>`}<//>`;
}

function ByNumber({ place }) {
  const form = useDraft('login-number', {});
  const [state, start] = useTask(async () => {
    const { student_no, last_four, name } = form[0];
    await logInWith(await server.loginNumber({ session_code: place.code, student_no: student_no.trim(), last_four: last_four.trim(), name: name.trim() }));
    form[2]();
  });
  return html`<${Form} state=${state} label=${t('student.login_do')} onSubmit=${start}>
    ${[['student_no', 40], ['last_four', 8], ['name', 60]].map(([name, maxlength]) => html`<${Field} key=${name} form=${form} name=${name} label=${t(`student.${name}`)} required maxlength=${maxlength} />`)}<//>`;
}

function Demo() {
  const form = useDraft('login', { code: '' });
  const [state, start] = useTask(async () => {
    const code = form[0].code.trim();
    await logInWith(await server.loginWechat({ code: code.startsWith('student-') ? code : `student-${code}` }));
    form[2]();
  });
  return html`<${Form} state=${state} label=${t('student.login_do')} onSubmit=${start}>
    <${Field} form=${form} name="code" label=${t('student.login_code')} hint=${t('student.code_hint')} required maxlength="120" /><//>`;
}

const WAYS = { demo: Demo, phone: ByPhone, number: ByNumber };

export function Login() {
  const place = useValue(session);
  const [way, setWay] = useState(() => draftOf('way') || '');
  const returned = useWeChatReturn();
  const ways = [...(isDemo ? ['demo'] : []), 'phone', ...(place?.policy.identity_method === 'student_number' ? ['number'] : [])];
  const help = serviceOf(place?.policy);
  const shown = ways.includes(way) ? way : ways[0];
  const choose = (name) => { keepDraft('way', name); setWay(name); };
  if (returned.busy)
    return html`<${Screen} title=${t('student.login')} back=${null}><${Working} text=${t('login.going')} /><//>`;
  return html`<${Screen} title=${t('student.login')} back=${null}>
    ${place && html`<${Place} place=${place} />`}<${ProblemBox} problem=${returned.problem} />
    ${(inWeChat() || !isDemo) && html`<${WeChat} place=${place} /><p class="or muted">${t('login.or')}</p>`}
    ${ways.length > 1 && html`<div class="tabs" role="group" aria-label=${t('login.ways')}>${ways.map((name) => html`<button key=${name} type="button" aria-pressed=${shown === name} onClick=${() => choose(name)}>${t(`login.way.${name}`)}</button>`)}</div>`}
    ${shown === 'demo' && html`<p class="lead">${t('student.login_text')}</p>`}
    <${WAYS[shown]} place=${place} />
    ${help && html`<p class="muted help">${t('student.trouble_help')} ${help}</p>`}<//>`;
}
