// details — what the roster says of the student: looked at, and completed where it has gaps.
import { detailsSet } from '../shared/client.js';
import { t } from '../shared/i18n.js';
import { html, useValue } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Field, Form, Screen, useTask } from './parts.js';
import { Facts } from './pieces.js';
import { goBack } from './route.js';
import { session, submission, take } from './student.js';

const PARTS = ['college', 'major', 'class_name'];

export function Details() {
  const now = useValue(submission);
  const { details } = now;
  const gaps = details.wanted === 'complete' ? PARTS.filter((part) => details.gaps.includes(part)) : [];
  const form = useDraft('details', { ...Object.fromEntries(gaps.map((part) => [part, details[part]])), email: details.email });
  const [values, , drop] = form;
  const [state, save] = useTask(async () => {
    const given = Object.fromEntries([...gaps, ...(details.wanted === 'complete' ? ['email'] : [])].map((part) => [part, (values[part] || '').trim()]).filter(([, value]) => value));
    take(await detailsSet(now.id, given));
    drop();
    goBack();
  });
  const known = PARTS.filter((part) => !gaps.includes(part)).map((part) => [t(`details.${part}`), details[part]]);
  return html`<${Screen} title=${t('task.details')} lead=${t(gaps.length > 0 ? 'details.complete' : 'details.confirm')}>
    <div class="card"><${Facts} rows=${[[t('summary.school'), session.value.school], [t('summary.name'), details.name_masked], [t('summary.student_no'), details.student_no_masked], ...known]} /></div>
    <${Form} state=${state} label=${t('details.right')} onSubmit=${save}>
      ${gaps.map((part) => html`<${Field} key=${part} form=${form} name=${part} label=${t(`details.${part}`)} required maxlength="60" />`)}
      ${details.wanted === 'complete' && html`<${Field} form=${form} name="email" label=${t('details.email')} type="email" inputmode="email" autocomplete="email" maxlength="80" hint=${t('task.hint.optional')} />`}
      <p class="muted small">${t('details.wrong')}</p><//><//>`;
}
