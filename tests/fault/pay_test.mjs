// What the bank says, in every order, many times at once, and with the server killed at every step: in the end our ledger
// is the bank's (tests/lib/bank.mjs, which outlives the server).
//
//   node tests/fault/pay_test.mjs [KILLS] [SEED]        default 12 random kills beside the one at each step
import assert from 'node:assert/strict';
import { openBank } from '../lib/bank.mjs';
import { PRICE_FEN, paidSession, payer } from '../lib/payers.mjs';
import { command, runTests, startServer, until } from '../lib/server.mjs';

const kills = Number(process.argv[2] ?? 12);
let seed = Number(process.argv[3] ?? Date.now() % 2 ** 31), next = 0;
console.log(`kills ${kills}, seed ${seed}`);
const random = (below) => { seed ^= seed << 13; seed ^= seed >>> 17; seed ^= seed << 5; return (seed >>> 0) % below; };

const bank = await openBank();
const server = await startServer({ demo: true, args: ['--worker=0', '--sweep_interval_ms=20', '--outbox_retry_scale_percent=1', ...bank.args] });
bank.notify = `${server.url}/api/v1/hooks/pay`;
const { admin } = await paidSession(server, { count: 90 });
const permutations = (list) => (list.length < 2 ? [list] : list.flatMap((one, i) => permutations(list.toSpliced(i, 1)).map((rest) => [one, ...rest])));

async function restart() {
    await server.kill();
    command(server.folder, ['fsck', '--quick']);
    await server.again();
    bank.notify = `${server.url}/api/v1/hooks/pay`;
    admin.url = server.url;
}
/** As the bank does: again until it is taken. Two hundred and something is an answer; nothing else ends it. */
async function insist(fact) {
    for (let i = 0; i < 200; i++) {
        const answer = await bank.tell(fact).catch(() => ({ status: 0 }));
        if (answer.status >= 200 && answer.status < 300) return;
        assert.ok(answer.status === 0 || answer.status >= 500, `${fact.event}: ${answer.status} ${answer.body}`);
        await new Promise((go) => setTimeout(go, 20));
    }
    throw new Error(`${fact.event} was never taken`);
}
const eightAtOnce = (fact) => Promise.all(Array.from({ length: 8 }, () => insist(fact)));
async function order() {
    const student = await payer(server, next++);
    const { payment_id: id } = await student.want(201, 'POST', student.path('/payment'));
    return { student, id };
}
async function same(id) {
    const one = bank.orders.get(id);
    await until(async () => {
        const ours = (await admin.want(200, 'GET', `/api/v1/console/payments?q=${id}`)).items[0];
        return ours.paid !== null === Boolean(one.paid) && ours.refunded_fen === one.refunded && !ours.refunds.some((refund) => ['wanted', 'processing'].includes(refund.state));
    }, `${id} to be as at the bank`);
}

/** What can be said of a payment: how many facts, and those of one order; they are told in every order. */
const histories = {
    'paid': [1, (id) => [bank.paidFact(id)]],
    'paid and given back whole': [2, (id) => [bank.paidFact(id), bank.refundFact(bank.refund(id, PRICE_FEN).no)]],
    'paid and given back in part': [2, (id) => [bank.paidFact(id), bank.refundFact(bank.refund(id, 250).no)]],
    'paid, given back in part, and a refund that was closed': [3, (id) => {
        const done = bank.refund(id, 250), closed = bank.refund(id, 300);
        bank.orders.get(id).refunded -= 300;
        closed.status = 'CLOSED';
        return [bank.paidFact(id), bank.refundFact(done.no), bank.refundFact(closed.no)];
    }],
    'paid, and given back in two parts': [3, (id) => [bank.paidFact(id), bank.refundFact(bank.refund(id, 250).no), bank.refundFact(bank.refund(id, PRICE_FEN - 250).no)]],
};

const tests = {};
for (const [name, [count, history]] of Object.entries(histories))
    tests[`${name}: in every order, eight at once, each again at the end and once sixteen times`] = async () => {
        for (const [n, way] of permutations([...Array(count).keys()]).entries()) {
            const { id } = await paidOnce();
            const facts = history(id);
            assert.equal(facts.length, count);
            for (const i of way) await eightAtOnce(facts[i]);
            for (const fact of facts) await (n === 0 ? eightAtOnce(fact) : insist(fact));
            await same(id);
        }
    };
async function paidOnce() {
    const made = await order();
    bank.pay(made.id);
    return made;
}

await runTests({
    ...tests,
    async 'closed here, paid there: the money is not lost'() {
        const { student, id } = await order();
        bank.pay(id);
        await student.want(201, 'POST', student.path('/payment'), { channel: 'h5' }); // gives the first order up
        await insist(bank.paidFact(id));
        await same(id);
        assert.ok((await student.look()).paid);
    },
    async 'killed at each step of a payment and its refund'() {
        for (let step = 0; step < 6; step++) {
            const { student, id } = await order();
            const steps = [
                async () => { bank.pay(id); },
                () => insist(bank.paidFact(id)),
                async () => { assert.ok([202, 409].includes((await admin.call('POST', `/api/v1/console/payments/${id}/refund`, { reason: 'killed' })).status)); },
                () => until(() => bank.orders.get(id).refunded === PRICE_FEN, 'the bank to be asked'),
                async () => { for (const one of bank.refunds.values()) if (one.order.no === id) await insist(bank.refundFact(one.no)); },
            ];
            for (const [i, take] of steps.entries()) {
                if (i === step) await restart();
                student.url = server.url;
                await take();
            }
            if (step === steps.length) await restart();
            await same(id);
            assert.equal([...bank.refunds.values()].filter((one) => one.order.no === id).length, 1, 'one refund');
        }
    },
    async 'killed at any moment while the bank calls'() {
        for (let i = 0; i < kills; i++) {
            const { id } = await paidOnce();
            const facts = [bank.paidFact(id), ...(i % 2 ? [bank.refundFact(bank.refund(id, 250).no)] : [])];
            const told = facts.map((fact) => eightAtOnce(fact));
            await new Promise((go) => setTimeout(go, random(40)));
            await restart();
            await Promise.all(told);
            await same(id);
        }
    },
    async 'the ledger is the bank\'s, to the fen'() {
        const held = [...bank.orders.values()].filter((one) => one.paid).reduce((sum, one) => sum + one.fen - one.refunded, 0);
        const { accounts } = await admin.want(200, 'GET', '/api/v1/console/ledger');
        const balance = Object.fromEntries(accounts.map((one) => [one.account, one.balance_fen]));
        assert.deepEqual([balance.bank, balance.bank + balance.fees + (balance.owed ?? 0), balance.owed ?? 0], [held, 0, 0]);
        await server.stop({ keep: true });
        console.log(`  ${bank.orders.size} orders, ${bank.refunds.size} refunds, ${held} fen: ${/ok +ledger.*/.exec(command(server.folder, ['fsck']))[0]}`);
        command(server.folder, ['audit', 'verify']);
    },
});
await server.stop();
bank.close();
