// app — the console's frame: who is logged in, which page, where the focus goes.
import { whenLoggedOut } from '../shared/api.js';
import { language, startLanguage, t } from '../shared/i18n.js';
import { Notices, ProblemBox } from '../shared/notices.js';
import { html, render, useEffect, useRef, useState, useValue } from '../shared/view.js';
import { account, leave, refreshAccount } from './account.js';
import { route } from './route.js';
import { Frame } from './frame.js';
import { Login } from './login.js';
import { Queue } from './queue.js';
import { Review } from './review/screen.js';
import { Search } from './search.js';
import { SubmissionPage } from './submission.js';
import { Batches } from './batches.js';
import { BatchPage } from './batch.js';
import { Sessions } from './sessions.js';
import { SessionPage } from './session.js';
import { MissingPage } from './missing.js';
import { Users } from './users.js';
import { Payments } from './payments.js';
import { Audit } from './audit.js';
import { Stuck } from './stuck.js';
import { LinkRequestPage, LinkRequests } from './link_requests.js';
import { Privacy } from './privacy.js';
import { Settings } from './settings.js';
import { Inbox } from './inbox.js';

const PAGES = {
  queue: () => html`<${Queue} />`,
  submissions: (id) => (id ? html`<${SubmissionPage} key=${id} id=${id} />` : html`<${Search} />`),
  inbox: (id) => html`<${Inbox} id=${id} />`,
  batches: (id) => (id ? html`<${BatchPage} key=${id} id=${id} />` : html`<${Batches} />`),
  sessions: (id) => (id ? html`<${SessionPage} key=${id} id=${id} />` : html`<${Sessions} />`),
  missing: (id) => (id ? html`<${MissingPage} key=${id} id=${id} />` : html`<${Sessions} />`),
  users: () => html`<${Users} />`,
  payments: (view) => html`<${Payments} key=${view} view=${view} />`,
  audit: () => html`<${Audit} />`,
  stuck: () => html`<${Stuck} />`,
  'link-requests': (id) => (id ? html`<${LinkRequestPage} key=${id} id=${id} />` : html`<${LinkRequests} />`),
  privacy: () => html`<${Privacy} />`,
  settings: () => html`<${Settings} />`,
};

function Page() {
  const { parts, text } = useValue(route);
  const [name, id] = parts;
  const main = useRef();
  const first = useRef(true);
  useEffect(() => {
    document.title = `${t(`page.${name in PAGES || name === 'review' ? name : 'queue'}`)} · ${t('app.name')}`;
    if (!first.current)
      main.current?.querySelector('h1')?.focus();
    first.current = false;
  }, [name, id]);
  if (name === 'review')
    return html`<${Review} key=${id} lane=${id || 'green'} />`;
  return html`<${Frame} page=${name in PAGES ? name : 'queue'}>
    <main id="main" ref=${main} data-route=${text}>${(PAGES[name] || PAGES.queue)(id)}</main>
  <//>`;
}

function App() {
  useValue(language);
  const who = useValue(account);
  const [problem, setProblem] = useState(null);
  const start = () => { setProblem(null); refreshAccount().catch(setProblem); };
  useEffect(start, []);
  return html`
    ${problem ? html`<main class="alone"><${ProblemBox} problem=${problem} retry=${start} /></main>`
      : who ? html`<${Page} />`
      : who === false ? html`<${Login} />` : html`<main class="alone" aria-busy="true"></main>`}
    <${Notices} />`;
}

whenLoggedOut(() => { if (account.value) leave(); });
await startLanguage();
render(html`<${App} />`, document.getElementById('app'));
