const express = require("express");
const client = require("twilio-5")();

const app = express();
app.post("/sms", async (request, response) => {
  const { status } = await client.api.v2010.accounts(process.env.TWILIO_ACCOUNT_SID).fetch();
  response.type("text/xml").send(`<Response><Message>Twilio says ${status}</Message></Response>`);
});
app.post("/voice", (request, response) => {
  response.type("text/xml").send("<Response><Say>Hello from Express</Say></Response>");
});
app.listen(process.env.PORT, "127.0.0.1");
