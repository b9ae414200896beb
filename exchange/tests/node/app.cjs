// An app as its author would write it, with Twilio's library for Node. It knows nothing of the exchange.

"use strict";

const http = require("node:http");
const axios = require("axios");
const twilio = require(process.argv[2]);

const client = () => twilio();
const text = (person, us, body = "As you wish") => client().messages.create({ to: person, from: us, body });

const orders = {
  text: (person, us) => text(person, us),
  call: (person, us, here) => client().calls.create({ to: person, from: us, url: `${here}/hello` }),
  read: async (person, us) => {
    const found = await client().messages.list({ from: person });
    await text(person, us, `You wrote: ${found.map((message) => message.body).join(", ")}`);
  },
  products: async (person, us) => {
    const { verify, lookups, monitor } = client();
    const service = verify.v2.services(`VA${"0".repeat(32)}`);
    await service.verifications.create({ to: person, channel: "sms", customCode: "1234" });
    const { status } = await service.verificationChecks.create({ to: person, code: "1234" });
    const { nationalFormat } = await lookups.v2.phoneNumbers(person).fetch();
    const alerts = await monitor.v1.alerts.list({ limit: 5 });
    await text(person, us, `${status} ${nationalFormat} ${Array.isArray(alerts) ? "True" : "False"}`);
  },
  trunks: async (person, us) => {
    await client().trunking.v1.trunks.list().catch((refusal) => text(person, us, refusal.message));
  },
  elsewhere: async (person, us) => {
    await axios.get("https://weather.example/").catch((refusal) => text(person, us, refusal.response.data));
  },
  "by hand": async (person, us) => {
    const account = process.env.TWILIO_ACCOUNT_SID;
    const auth = { username: account, password: process.env.TWILIO_AUTH_TOKEN };
    const form = new URLSearchParams({ To: person, From: us, Body: "Sent by hand" });
    await axios.post(`https://api.twilio.com/2010-04-01/Accounts/${account}/Messages.json`, form, { auth });
  },
  "without a proxy": async (person, us) => {
    const account = process.env.TWILIO_ACCOUNT_SID;
    const login = Buffer.from(`${account}:${process.env.TWILIO_AUTH_TOKEN}`).toString("base64");
    const body = new URLSearchParams({ To: person, From: us, Body: "Sent without a proxy" });
    const headers = { Authorization: `Basic ${login}` };
    const address = `https://api.twilio.com/2010-04-01/Accounts/${account}/Messages.json`;
    await fetch(address, { method: "POST", body, headers });
  },
};

async function answer(request, response, body) {
  const here = `http://${request.headers.host}`;
  const form = Object.fromEntries(new URLSearchParams(body));
  const signature = request.headers["x-twilio-signature"];
  if (!twilio.validateRequest(process.env.TWILIO_AUTH_TOKEN, signature, here + request.url, form)) {
    return response.writeHead(403).end();
  }
  if (request.url === "/hello") {
    return response.setHeader("Content-Type", "text/xml").end("<Response><Say>Hello from the app</Say></Response>");
  }
  await orders[form.Body](form.From, form.To, here);
  response.writeHead(204).end();
}

http
  .createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () =>
      answer(request, response, body).catch((problem) => {
        console.log(problem);
        response.writeHead(500).end();
      }),
    );
  })
  .listen(process.env.PORT, "127.0.0.1");
