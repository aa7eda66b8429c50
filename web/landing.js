// landing — what runs here and where to go.
import { get } from './shared/api.js';
import { language, otherLanguage, startLanguage, t } from './shared/i18n.js';
import { prefs } from './shared/prefs.js';
import { html, render, useLoad, useValue } from './shared/view.js';

const LINKS = [['student', '/student/'], ['console', '/console/'], ['api', '/api/v1/openapi.yaml']];

function Landing() {
  useValue(language);
  const health = useLoad((signal) => get('/readyz', { signal }), []);
  return html`<main>
    <div class="row spread"><span class="brand"><span class="mark" aria-hidden="true"></span>${t('landing.title')}</span>
      <button type="button" class="quiet" lang=${otherLanguage() === 'en' ? 'en' : 'zh-CN'}
        onClick=${() => prefs.update({ language: otherLanguage() })}>${t('language.other')}</button></div>
    <h1>${t('landing.lead')}</h1>
    <ul>${LINKS.map(([name, href]) => html`<li key=${name}><a href=${href}><strong>${t(`landing.${name}`)}</strong>
      <span>${t(`landing.${name}.text`)}</span></a></li>`)}</ul>
    <p class="muted small" role="status">${health.loading ? '…' : health.data ? html`<span
      aria-hidden="true">●</span> ${t('landing.ready')}` : html`<span aria-hidden="true">○</span> ${t('landing.not_ready')}`}</p>
  </main>`;
}

await startLanguage();
render(html`<${Landing} />`, document.getElementById('app'));
