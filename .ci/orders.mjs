// The native sample Orders, from outside: confirms orders, is killed, loses its disk, and has every confirmed order again.
// usage: node orders.mjs EXECUTABLE BACKUP-URL
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [executable, backup] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'litestream-net-orders-'));
const patience = 120_000;
let app;

function start() {
    return new Promise((resolve, reject) => {
        let output = '';
        const timer = setTimeout(() => reject(new Error(`it does not listen:\n${output}`)), patience);
        app = spawn(executable, ['--urls', 'http://127.0.0.1:0', '--environment', 'Development', '--contentRoot', folder, '--Backup', backup.replace('FOLDER', folder)], { cwd: folder });
        app.stderr.on('data', text => { output += text; });
        app.stdout.on('data', text => {
            output += text;
            const listening = /Now listening on: (http:\S+)/.exec(output);
            if (listening) {
                clearTimeout(timer);
                resolve(listening[1]);
            }
        });
        app.once('exit', code => {
            clearTimeout(timer);
            reject(new Error(`it ended with ${code}:\n${output}`));
        });
    });
}

function end(signal) {
    return new Promise(resolve => {
        app.once('exit', resolve);
        app.kill(signal);
    });
}

async function order(url, item) {
    const response = await fetch(`${url}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ item }),
        signal: AbortSignal.timeout(patience),
    });
    if (response.status !== 201) {
        throw new Error(`an order was answered with ${response.status}: ${await response.text()}`);
    }

    return (await response.json()).item;
}

async function expectOrders(url, confirmed) {
    const orders = await (await fetch(`${url}/orders`, { signal: AbortSignal.timeout(patience) })).json();
    const lost = confirmed.filter(item => !orders.some(found => found.item === item));
    if (lost.length > 0 || orders.length !== confirmed.length) {
        throw new Error(`confirmed ${confirmed.length}, there are ${orders.length}; lost: ${lost}`);
    }
}

// The status page of a native executable: its JSON is written and read without reflection.
async function expectPage(url) {
    const ask = async (path, options) => {
        const response = await fetch(`${url}/litestream${path}`, { signal: AbortSignal.timeout(patience), ...options });
        if (!response.ok) {
            throw new Error(`${path} of the status page was answered with ${response.status}: ${await response.text()}`);
        }

        return response;
    };
    const json = async (path, options) => (await ask(path, options)).json();
    const until = async (path, done) => {
        const end = Date.now() + patience;
        for (;;) {
            const found = await json(path);
            if (done(found)) {
                return found;
            }

            if (Date.now() > end) {
                throw new Error(`${path} of the status page stays ${JSON.stringify(found)}`);
            }

            await new Promise(resolve => setTimeout(resolve, 100));
        }
    };
    if (!(await (await ask('')).text()).includes('<title>Backup</title>')) {
        throw new Error('the status page is not the status page');
    }

    await until('/status', status => status.health === 'safe' && status.databases[0].name === 'orders');
    await json('/lag?database=orders');
    if ((await json('/history?database=orders')).generations.length === 0) {
        throw new Error('the status page shows no history');
    }

    const headers = { 'content-type': 'application/json', 'litestream-page': '1' };
    const job = await json('/copy', { method: 'POST', headers, body: JSON.stringify({ database: 'orders' }) });
    await until(`/jobs/${job.id}`, found => found.state === 'ready');
    const copy = Buffer.from(await (await ask(`/jobs/${job.id}/file`)).arrayBuffer());
    if (!copy.subarray(0, 15).equals(Buffer.from('SQLite format 3'))) {
        throw new Error('the copy is no database');
    }
}

try {
    const confirmed = [];
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL']) {
        const url = await start();
        await expectOrders(url, confirmed);
        const items = Array.from({ length: 20 }, (_, i) => `${signal} ${confirmed.length + i}`);
        confirmed.push(...await Promise.all(items.map(item => order(url, item))));
        await end(signal);
        rmSync(join(folder, 'data'), { recursive: true });
    }

    const url = await start();
    await expectOrders(url, confirmed);
    await expectPage(url);
    console.log(`${confirmed.length} confirmed orders, three lost disks, none lost, and the status page: ${backup.replace(/\?.*/, '')}`);
} finally {
    app?.removeAllListeners('exit');
    app?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
}
