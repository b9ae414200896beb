<?php
header("Content-Type: text/xml");
if ($_SERVER["REQUEST_URI"] === "/sms") {
    $account = getenv("TWILIO_ACCOUNT_SID");
    $request = curl_init("https://api.twilio.com/2010-04-01/Accounts/$account.json");
    curl_setopt_array($request, [CURLOPT_RETURNTRANSFER => true, CURLOPT_USERPWD => "$account:" . getenv("TWILIO_AUTH_TOKEN")]);
    $status = json_decode(curl_exec($request))->status;
    echo "<Response><Message>Twilio says $status</Message></Response>";
} else {
    echo "<Response><Say>Hello from PHP</Say></Response>";
}
