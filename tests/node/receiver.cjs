// A receiver with Standard Webhooks' own library: prints its port, takes a secret a line on stdin, answers 204 or 400.
"use strict";

const http = require("node:http");
const readline = require("node:readline");
const { Webhook } = require("standardwebhooks");

let secret = "";

const server = http.createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    try {
      const event = new Webhook(secret).verify(Buffer.concat(pieces), request.headers);
      response.writeHead(200).end(`${event.type}: ${event.data.words}`);
    } catch (trouble) {
      response.writeHead(400).end(trouble.message);
    }
  });
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
readline
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    secret = line;
    console.log("noted");
  })
  .on("close", () => process.exit());
