// app — the student's page: the bar, the screen of the address, what to do when something breaks.
import { whenLoggedOut } from '../shared/api.js';
import { languageSet } from '../shared/client.js';
import { language, otherLanguage, startLanguage, t } from '../shared/i18n.js';
import { Notices, complain } from '../shared/notices.js';
import { prefs } from '../shared/prefs.js';
import { Component, html, render, useEffect, useState, useValue } from '../shared/view.js';
import { begun } from './begin.js';
import { follow } from './follow.js';
import { Home } from './home.js';
import { Icon } from './icons.js';
import { Login } from './login.js';
import { Trouble } from './parts.js';
import { go, route, startRoute } from './route.js';
import { Lazy, isScreen, needsOf } from './screens.js';
import { forget, reloadSubmission, session, startStudent, student, submission } from './student.js';

async function switchLanguage() {
  const next = otherLanguage();
  prefs.update({ language: next });
  if (!student.value)
    return;
  await languageSet({ language: next }).catch(complain);
  if (submission.value)
    await reloadSubmission().catch(complain);
}

function Bar() {
  const now = useValue(prefs);
  return html`<header class="bar"><button type="button" class="brand quiet" onClick=${() => go('home')}><span class="mark" aria-hidden="true"></span>${t('student.app')}</button>
    <span class="spacer"></span>
    <button type="button" class="quiet" aria-pressed=${now.largeText} onClick=${() => prefs.update({ largeText: !now.largeText })}>${t('student.large')}</button>
    <button type="button" class="quiet" lang=${otherLanguage() === 'en' ? 'en' : 'zh-CN'} onClick=${switchLanguage}>${t('language.other')}</button></header>`;
}

function Offline() {
  const [offline, setOffline] = useState(!navigator.onLine);
  useEffect(() => {
    const look = () => setOffline(!navigator.onLine);
    addEventListener('online', look);
    addEventListener('offline', look);
    return () => { removeEventListener('online', look); removeEventListener('offline', look); };
  }, []);
  return html`<div role="status">${offline && html`<p class="offline"><${Icon} name="offline" /> ${t('student.offline')}</p>`}</div>`;
}

/** What an error while drawing leaves: everything is on the server, so a new start is always possible. */
class Guard extends Component {
  constructor() {
    super();
    this.state = {};
  }
  componentDidCatch(error) { this.setState({ error }); }
  render({ children }, { error }) {
    return error ? html`<${Trouble} problem=${error} retry=${() => location.reload()} />` : children;
  }
}

const LACKS = { me: () => !student.value, session: () => !student.value || !session.value, now: () => !student.value || !submission.value };

/** The screen of the address; where it cannot be shown (logged out, nothing linked yet) the one that comes first. */
function Shown() {
  const at = useValue(route);
  const me = useValue(student);
  const place = useValue(session);
  const now = useValue(submission);
  useEffect(() => (now ? follow(now.id) : undefined), [now?.id]);
  const lacks = LACKS[needsOf(at.name)];
  if (isScreen(at.name) && !(lacks && lacks()))
    return html`<${Lazy} key=${at.name} screen=${at.name} query=${at.query} />`;
  if (!me)
    return html`<${Login} />`;
  return place ? html`<${Home} />` : html`<${Lazy} screen="enter" />`;
}

function App() {
  useValue(language);
  const me = useValue(student);
  const [problem, setProblem] = useState(null);
  const start = () => { setProblem(null); startStudent().catch(setProblem); };
  useEffect(() => { begun.catch(setProblem); }, []);
  return html`<${Bar} /><${Offline} />
    ${problem ? html`<${Trouble} problem=${problem} retry=${start} />` : me === null || me.isStarting ? html`<main aria-busy="true"><p class="muted">${t('student.loading')}</p></main>`
      : html`<${Guard} key=${String(Boolean(me))}><${Shown} /><//>`}
    <${Notices} />`;
}

/** WeChat: personal pages are not for sharing. */
function hideSharing() {
  const hide = () => window.WeixinJSBridge.call('hideOptionMenu');
  if (window.WeixinJSBridge)
    hide();
  else
    document.addEventListener('WeixinJSBridgeReady', hide);
}

whenLoggedOut(() => { if (student.value) forget(); });
startRoute();
hideSharing();
startLanguage().then(() => render(html`<${App} />`, document.getElementById('app')));
