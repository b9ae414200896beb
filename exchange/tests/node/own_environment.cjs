// An app that replaces its environment before it calls Twilio, and starts child processes with environments of their own.

"use strict";

const childProcess = require("node:child_process");
const { promisify } = require("node:util");
const { Worker } = require("node:worker_threads");

const account = process.env.TWILIO_ACCOUNT_SID;
const token = process.env.TWILIO_AUTH_TOKEN;
process.env = {};

const asks = `fetch("https://api.twilio.com/2010-04-01/Accounts/${account}.json", {
  headers: { Authorization: "Basic ${Buffer.from(`${account}:${token}`).toString("base64")}" },
}).then(({ status }) => status)`;
const prints = `${asks}.then(console.log)`;
const run = [process.execPath, ["-e", prints]];
const command = `"${process.execPath}" -e '${prints}'`;
const exec = promisify(childProcess.exec);
const execFile = promisify(childProcess.execFile);

async function viaLibrary(name) {
  const { sid } = await require(name)(account, token).api.v2010.accounts(account).fetch();
  return sid === account ? 200 : 0;
}

function inWorker() {
  const code = `${asks}.then((status) => require("node:worker_threads").parentPort.postMessage(status))`;
  return new Promise((resolve, reject) => {
    new Worker(code, { eval: true, env: {} }).on("message", resolve).on("error", reject);
  });
}

const ways = {
  "twilio-4": () => viaLibrary("twilio-4"),
  "twilio-6": () => viaLibrary("twilio-6"),
  fetch: () => eval(asks),
  exec: async () => (await exec(command)).stdout,
  execFile: async () => (await execFile(...run, { env: { NODE_OPTIONS: "--no-warnings" } })).stdout,
  execSync: async () => childProcess.execSync(command, { env: {} }),
  spawnSync: async () => childProcess.spawnSync(...run).stdout,
  worker: inWorker,
};

for (const [name, way] of Object.entries(ways)) {
  way().then((status) => console.log(`${name} ${String(status).trim()}`));
}
