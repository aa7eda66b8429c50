// A number of students who have handed in a photo and stand in the review queue: made through the API, on real photographs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { madeUp, Student } from './people.mjs';
import { samples, until } from './server.mjs';

const PAIRS = [['obama.jpg', 'obama2.jpg'], ['biden.jpg', 'biden2.jpg'], ['obama2.jpg', 'obama.jpg'], ['biden2.jpg', 'biden.jpg']];
const photo = (name) => readFileSync(join(samples, 'portraits', name));

async function handIn(server, n, pair) {
    const { number, lastFour } = madeUp(n);
    const student = new Student(server.url, number, lastFour);
    await student.logIn();
    await student.consent();
    await student.link();
    await student.portrait(photo(pair[1]));
    const id = await student.photo(photo(pair[0]));
    const attempt = await until(async () => { const now = await student.attempt(id); return now.state !== 'processing' && now; }, `photo of ${number}`, 60000);
    if (attempt.state !== 'ready') throw new Error(`photo of ${number}: ${JSON.stringify(attempt.report).slice(0, 300)}`);
    await student.choose(id, attempt.verdict === 'fail');
    await student.want(204, 'PUT', student.path('/address'), { name: '收件人', phone: '13800000000', text: '北京市海淀区某路一号' });
    await student.confirm();
    if (student.submission.state === 'awaiting_payment') await student.pay();
    await until(async () => !['awaiting_payment', 'submitted'].includes((await student.look()).state) && student.submission.face === 'done', `${number} in review`, 60000);
    return student;
}

/** Students `from`… `from + count - 1` of the demo roster, three at a time; pairs: [photo, ID portrait] of each. */
export async function crowd(server, count, from = 0, pairs = PAIRS) {
    const students = [];
    for (let n = 0; n < count; n += 3)
        students.push(...await Promise.all(Array.from({ length: Math.min(3, count - n) }, (_, i) => handIn(server, from + n + i, pairs[(n + i) % pairs.length]))));
    return students;
}
