// mine — what the student has and is known by here: phone, consents, submissions; how the page looks; the way out.
import { consentWithdraw } from '../shared/client.js';
import { Ask } from '../shared/dialog.js';
import { date, t } from '../shared/i18n.js';
import { prefs } from '../shared/prefs.js';
import { html, useState, useValue } from '../shared/view.js';
import { Own } from './own.js';
import { Cell, Cells, Screen } from './parts.js';
import { Choice } from './pieces.js';
import { go, goInstead } from './route.js';
import { leaveSession, logOut, refresh, reloadSubmission, student, submission } from './student.js';

function Consents({ me }) {
  const [asking, setAsking] = useState(null);
  const withdraw = async () => {
    await consentWithdraw(asking);
    await refresh();
    if (submission.value)
      await reloadSubmission();
  };
  return html`<${Cells} title=${t('student.consents')}>
    ${me.consents.map((one) => html`<${Cell} key=${one.kind} label=${t(`consent.${one.kind}`)} note=${t('student.consent_given', { time: date(one.given) })}
      value=${t('student.consent_withdraw')} onOpen=${() => setAsking(one.kind)} />`)}
    <${Cell} label=${t('student.consent_read')} onOpen=${() => go('consent')} /><//>
    ${asking && html`<${Ask} title=${t('student.consent_withdraw')} text=${t(`student.withdraw_consent.${asking}`)} label=${t('student.consent_withdraw')} danger
      run=${withdraw} onClose=${() => setAsking(null)} />`}`;
}

export function Mine() {
  const me = useValue(student);
  const now = useValue(prefs);
  return html`<${Screen} title=${t('student.mine')} lead=${me.name_masked}>
    <${Cells}><${Cell} icon="phone" label=${t('student.phone_title')} value=${me.phone_masked || t('student.none')} onOpen=${() => go('phone')} /><//>
    <${Own} me=${me} />
    <${Cells}>${submission.value && html`<${Cell} icon="link" label=${t('student.other_enrolment')} onOpen=${() => go('link')} />`}
      <${Cell} icon="search" label=${t('student.other_session')} onOpen=${() => { leaveSession(); goInstead('home'); }} /><//>
    <${Consents} me=${me} />
    <${Cells}><${Cell} icon="box" label=${t('own.title')} onOpen=${() => go('own-data')} /><//>
    <h2 class="cells-title">${t('student.theme')}</h2>
    <${Choice} name="theme" value=${now.theme} onChange=${(theme) => prefs.update({ theme })} options=${['system', 'light', 'dark'].map((value) => ({ value, label: t(`student.theme.${value}`) }))} />
    <div class="stack"><button type="button" class="big" onClick=${() => logOut().then(() => goInstead('home'))}>${t('act.log_out')}</button></div><//>`;
}
