// entry — which capture session: by the poster's code, typed.
import { t } from '../shared/i18n.js';
import { html } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Field, Form, Screen, useTask } from './parts.js';
import { goInstead } from './route.js';
import { openSession, student } from './student.js';
import { Own } from './own.js';

export function Entry() {
  const form = useDraft('entry', { session_code: '' });
  const [state, start] = useTask(async () => {
    await openSession(form[0].session_code.trim());
    form[2]();
    goInstead('home');
  });
  return html`<${Screen} title=${t('student.enter')} back=${null} lead=${t('student.session_text')}>
    <${Form} state=${state} label=${t('student.enter_do')} onSubmit=${start}>
      <${Field} form=${form} name="session_code" label=${t('student.session_code')} hint=${t('student.session_hint')} required maxlength="8"
        pattern="[0-9]{8}|[0-9A-Za-z]{6}" /><//>
    <${Own} me=${student.value} />
  <//>`;
}
