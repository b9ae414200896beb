"""A plain HTTPS request to Twilio, in languages that need more than the usual variables, reaches the exchange."""

import shutil
import subprocess

import certifi

from support.processes import needs

PHP = """
$account = getenv("TWILIO_ACCOUNT_SID");
$request = curl_init("https://api.twilio.com/2010-04-01/Accounts/$account.json");
curl_setopt($request, CURLOPT_USERPWD, $account . ":" . getenv("TWILIO_AUTH_TOKEN"));
curl_setopt($request, CURLOPT_RETURNTRANSFER, true);
curl_exec($request);
echo curl_getinfo($request, CURLINFO_HTTP_CODE), curl_error($request);
"""
PHP_STREAM = """
$proxy = str_replace("http://", "tcp://", getenv("HTTPS_PROXY"));
$through_proxy = stream_context_create(["http" => ["proxy" => $proxy, "ignore_errors" => true]]);
echo file_get_contents("https://api.twilio.com/", false, $through_proxy);
"""
JAVA = """
import java.net.URI;
import java.net.http.*;
import java.util.Base64;
class Asks {
    public static void main(String[] none) throws Exception {
        String account = System.getenv("TWILIO_ACCOUNT_SID");
        String login = account + ":" + System.getenv("TWILIO_AUTH_TOKEN");
        URI url = URI.create("https://api.twilio.com/2010-04-01/Accounts/" + account + ".json");
        HttpRequest request = HttpRequest.newBuilder(url)
            .header("Authorization", "Basic " + Base64.getEncoder().encodeToString(login.getBytes())).build();
        HttpResponse<Void> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.discarding());
        System.out.println(response.statusCode());
    }
}
"""
# As Twilio's Ruby library before version 5 does it: the authorities are in a file of its own.
RUBY = """
require "net/http"
request = Net::HTTP::Get.new("/2010-04-01/Accounts/#{ENV["TWILIO_ACCOUNT_SID"]}.json")
request.basic_auth(ENV["TWILIO_ACCOUNT_SID"], ENV["TWILIO_AUTH_TOKEN"])
own_file = Net::HTTP.new("api.twilio.com", 443)
own_file.ca_file = ARGV[0]
own_store = Net::HTTP.new("api.twilio.com", 443)
own_store.cert_store = OpenSSL::X509::Store.new
own_store.cert_store.add_file(ARGV[0])
print [own_file, own_store].map { |http| http.use_ssl = true; http.request(request).code }.join(" ")
"""


def needs_php_with_curl():
    listed = shutil.which("php") and subprocess.run(["php", "-m"], capture_output=True, text=True).stdout
    needs(listed and "curl" in listed.split(), "php-cli and php-curl")


def test_php_with_curl(outcome):
    needs_php_with_curl()
    assert outcome("php", "-r", PHP) == (0, "200")


def test_php_stream_that_uses_the_proxy_trusts_the_certificate(outcome):
    needs_php_with_curl()
    status, printed = outcome("php", "-r", PHP_STREAM)
    assert (status, '"code": 20404' in printed) == (0, True), printed


def test_java(outcome, tmp_path):
    needs(shutil.which("javac"), "a JDK")
    source = tmp_path / "Asks.java"
    source.write_text(JAVA)
    status, printed = outcome("java", "-XX:TieredStopAtLevel=1", str(source))  # starts faster
    assert (status, printed.split()[0]) == (0, "200")


def test_ruby_library_that_bundles_its_own_certificate_authorities(outcome):
    needs(shutil.which("ruby"), "ruby")
    assert outcome("ruby", "-e", RUBY, certifi.where()) == (0, "200 200")
