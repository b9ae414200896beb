# Runs first in every Ruby program that `run` starts.
#
# Some libraries trust only the certificate authorities that they bundle (Twilio's, before version 5). OpenSSL reads
# the variable SSL_CERT_FILE only if a program names no authorities of its own.
require "openssl"

module RingbackAuthorities
  BUNDLE = File.readlines(File.join(__dir__, "environment"), chomp: true).to_h { |line| line.split("=", 2) }["SSL_CERT_FILE"]

  module Context
    def ca_file=(path)
      super(path && BUNDLE)
    end
  end

  module Store
    def add_file(path)
      super
      super(BUNDLE)
    end
  end
end

OpenSSL::SSL::SSLContext.prepend(RingbackAuthorities::Context)
OpenSSL::X509::Store.prepend(RingbackAuthorities::Store)
