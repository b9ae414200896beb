require "json"
require "net/http"
require "sinatra"

before { content_type "text/xml" }
post "/sms" do
  request = Net::HTTP::Get.new("/2010-04-01/Accounts/#{ENV["TWILIO_ACCOUNT_SID"]}.json")
  request.basic_auth ENV["TWILIO_ACCOUNT_SID"], ENV["TWILIO_AUTH_TOKEN"]
  answer = Net::HTTP.start("api.twilio.com", 443, use_ssl: true) { |twilio| twilio.request(request) }
  "<Response><Message>Twilio says #{JSON.parse(answer.body)["status"]}</Message></Response>"
end
post("/voice") { "<Response><Say>Hello from Sinatra</Say></Response>" }
