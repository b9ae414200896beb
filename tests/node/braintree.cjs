// Parses notifications with Braintree's own library: takes [kind, bt_signature, bt_payload] rows as JSON on stdin and
// prints the kinds that the library reads, or its error.
"use strict";

const braintree = require("braintree");

const gateway = new braintree.BraintreeGateway({
  environment: braintree.Environment.Sandbox,
  merchantId: "merchant",
  publicKey: "public_1",
  privateKey: "private_1",
});

async function parse(rows) {
  for (const [, signature, payload] of rows) {
    try {
      const notification = await gateway.webhookNotification.parse(signature, payload);
      console.log(notification.kind);
    } catch (error) {
      console.log(`${error.name}: ${error.message}`);
    }
  }
}

const pieces = [];
process.stdin.on("data", (piece) => pieces.push(piece));
process.stdin.on("end", () => parse(JSON.parse(Buffer.concat(pieces))));
