// Students who pay: a session with a price, a roster, linked students, for the tests of money.
import { Staff, Student, madeUp } from './people.mjs';

export const PRICE_FEN = 1250;
const week = 7 * 864e5;

export async function paidSession(server, { code = '88880001', count = 20, policy = {} } = {}) {
    const admin = new Staff(server.url, 'admin', server.passwords.admin);
    await admin.logIn();
    const session = await admin.want(201, 'POST', '/api/v1/console/sessions', {
        code, school_code: '10595', school_name: '示范大学', name: 'pay', opens: new Date(Date.now() - week).toISOString(),
        closes: new Date(Date.now() + week).toISOString(), policy: { payment: 'before', price_fen: PRICE_FEN, ...policy },
    });
    const rows = Array.from({ length: count }, (_, n) => `${madeUp(n).number},学生${n},${madeUp(n).idNumber},A,B,${n % 2 ? 'C1' : 'C2'}`);
    await admin.want(200, 'POST', `/api/v1/console/sessions/${session.id}/roster`, `student_no,name,id_number,college,major,class_name\n${rows.join('\n')}\n`, { 'content-type': 'text/csv' });
    return { admin, session };
}

export async function payer(server, n, code = '88880001') {
    const student = new Student(server.url, madeUp(n).number, madeUp(n).lastFour);
    await student.logIn();
    await student.consent();
    await student.link(code);
    student.payment = () => student.want(200, 'GET', student.path('/payment'));
    return student;
}
