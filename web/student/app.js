// app — the student's page: log in, then home. One thing per page, large targets, works at the largest font.
import { put, whenLoggedOut } from '../shared/api.js';
import { language, otherLanguage, startLanguage, t } from '../shared/i18n.js';
import { Notices, ProblemBox, complain } from '../shared/notices.js';
import { prefs } from '../shared/prefs.js';
import { startWorkflow } from '../shared/workflow.js';
import { html, render, useEffect, useState, useValue } from '../shared/view.js';
import { Login } from './enter.js';
import { Home } from './home.js';
import { forget, logOut, reloadSubmission, startStudent, student, submission } from './student.js';

function Bar() {
  const me = useValue(student);
  const now = useValue(prefs);
  const switchLanguage = async () => {
    const next = otherLanguage();
    prefs.update({ language: next });
    if (me) {
      await put('/api/v1/me/language', { language: next }).catch(complain);
      if (submission.value)
        await reloadSubmission().catch(complain);
    }
  };
  return html`<header class="bar"><span class="brand"><span class="mark" aria-hidden="true"></span>${t('student.app')}</span><span
    class="spacer"></span>
    <button type="button" class="quiet" aria-pressed=${now.largeText}
      onClick=${() => prefs.update({ largeText: !now.largeText })}>${t('student.large')}</button>
    <button type="button" class="quiet" lang=${otherLanguage() === 'en' ? 'en' : 'zh-CN'}
      onClick=${switchLanguage}>${t('language.other')}</button>
    ${me && html`<button type="button" class="quiet" onClick=${logOut}>${t('act.log_out')}</button>`}</header>`;
}

function Offline() {
  const [offline, setOffline] = useState(!navigator.onLine);
  useEffect(() => {
    const look = () => setOffline(!navigator.onLine);
    addEventListener('online', look);
    addEventListener('offline', look);
    return () => { removeEventListener('online', look); removeEventListener('offline', look); };
  }, []);
  return offline && html`<p class="offline" role="status">${t('student.offline')}</p>`;
}

function App() {
  useValue(language);
  const me = useValue(student);
  const [problem, setProblem] = useState(null);
  const start = () => { setProblem(null); startWorkflow().then(startStudent).catch(setProblem); };
  useEffect(start, []);
  return html`<${Bar} /><${Offline} />
    ${problem ? html`<main><${ProblemBox} problem=${problem} retry=${start} />
      </main>` : me ? html`<${Home} />` : me === false ? html`<${Login} />` : html`<main aria-busy="true"></main>`}
    <${Notices} />`;
}

whenLoggedOut(() => { if (student.value) forget(); });
await startLanguage();
render(html`<${App} />`, document.getElementById('app'));
