// examples — the tutorial: each rule with a drawn good and bad photo.
import { t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { Drawing, pairNames } from './drawings.js';
import { Screen } from './parts.js';
import { go } from './route.js';
import { session, submission } from './student.js';

const One = ({ name, good }) => html`<figure class="example example-${good ? 'good' : 'bad'}"><${Drawing} name=${name} good=${good} />
  <figcaption><span aria-hidden="true">${good ? '✔' : '✖'}</span> <span class="unseen">${t(good ? 'example.good' : 'example.bad')}</span>${t(`example.${name}.${good ? 'good' : 'bad'}`)}</figcaption></figure>`;

export function Examples() {
  const names = pairNames.filter((name) => name !== 'selfie' || session.value?.policy.selfie !== 'allowed');
  const canTake = submission.value && ['draft', 'retake'].includes(submission.value.state);
  return html`<${Screen} title=${t('student.examples')} lead=${t('student.examples_lead')}>
    ${names.map((name) => html`<section key=${name} class="example-pair"><h2>${t(`example.${name}`)}</h2><div class="pair"><${One} name=${name} good /><${One} name=${name} /></div></section>`)}
    <p class="muted">${t('student.examples_more')}</p>
    ${canTake && html`<div class="stack"><button type="button" class="primary big" onClick=${() => go('photo')}>${t('student.prepared')}</button></div>`}<//>`;
}
