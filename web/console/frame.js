// frame — navigation around every page but the review screen.
import { get } from '../shared/api.js';
import { language, otherLanguage, t } from '../shared/i18n.js';
import { connected, on } from '../shared/live.js';
import { prefs } from '../shared/prefs.js';
import { html, useEffect, useLoad, useState, useValue } from '../shared/view.js';
import { account, has, logOut } from './account.js';
import { go } from './route.js';

const LINKS = [
  { page: 'queue' },
  { page: 'submissions', key: '/' },
  { page: 'inbox', roles: ['service', 'senior', 'administrator'], unread: true },
  { page: 'batches', roles: ['batch', 'administrator'] },
  { page: 'sessions' },
  { page: 'link-requests', roles: ['service', 'senior', 'administrator'] },
  { page: 'users', roles: ['administrator'] },
  { page: 'payments', roles: ['service', 'administrator', 'auditor'] },
  { page: 'audit', roles: ['auditor', 'administrator', 'senior'] },
  { page: 'stuck', roles: ['administrator'] },
  { page: 'privacy', roles: ['administrator', 'auditor'] },
  { page: 'settings' },
];

export const LanguageButton = () => html`<button type="button" class="quiet" lang=${otherLanguage() === 'en' ? 'en' : 'zh-CN'}
  onClick=${() => prefs.update({ language: otherLanguage() })}>${t('language.other')}</button>`;

function Live() {
  const good = useValue(connected);
  return html`<span class="live ${good ? 'live-on' : 'live-off'}"><span
    aria-hidden="true">${good ? '●' : '○'}</span> ${good ? t('live.on') : t('live.off')}</span>`;
}

/** Conversations with something unread, as the server tells. */
function Unread() {
  const [told, setTold] = useState(null);
  const { data } = useLoad((signal) => get('/api/v1/console/conversations', { query: { only: 'unread', limit: 1 }, signal }), []);
  useEffect(() => on('counts', (counts) => setTold(counts?.conversations?.unread ?? null)), []);
  const count = told ?? data?.unread ?? 0;
  return count > 0 && html`<span class="unread num" data-unread=${count}>${count}<span class="unseen"> ${t('inbox.unread')}</span></span>`;
}

export function Frame({ page, children }) {
  useValue(language);
  const who = useValue(account);
  useEffect(() => {
    const press = (event) => {
      const inField = event.target.closest?.('input, textarea, select, dialog');
      if (event.code === 'Slash' && !event.shiftKey && !event.ctrlKey && !event.metaKey && !inField && prefs.value.shortcuts !== 'off') {
        event.preventDefault();
        go('submissions');
        setTimeout(() => document.querySelector('input[type=search]')?.focus(), 50);
      }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  return html`<div class="frame">
    <a class="skip" href="#main"
      onClick=${(event) => { event.preventDefault(); document.querySelector('#main h1')?.focus(); }}>${t('act.skip_to_content')}</a>
    <header class="side">
      <a class="brand" href="#/queue"><span class="mark" aria-hidden="true"></span>${t('app.name')}</a>
      <nav aria-label=${t('nav.label')}>
        ${LINKS.filter((link) => !link.roles || has(...link.roles)).map((link) => html`
          <a key=${link.page} href="#/${link.page}" aria-current=${link.page === page ? 'page' : null}>
            <span>${t(`page.${link.page}`)}</span>${link.unread && html`<${Unread} />`}${link.key && html`<kbd aria-hidden="true">${link.key}</kbd>`}</a>`)}
      </nav>
      <div class="whoami">
        <${Live} />
        <strong>${who.display_name}</strong>
        <small class="muted">${who.roles.map((role) => t(`role.${role}`)).join(t('list.comma'))}</small>
        <div class="row"><${LanguageButton} />
          <button type="button" class="quiet" onClick=${logOut}>${t('act.log_out')}</button></div>
      </div>
    </header>
    ${children}
  </div>`;
}
