# Runs first in every Ruby program that `run` starts, for libraries that trust only the certificate authorities that
# they bundle, as Twilio's does before version 5. OpenSSL reads SSL_CERT_FILE only if a program names no file itself.

module RingbackAuthorities
  BUNDLE = File.binread(File.join(__dir__, "environment"))[/^SSL_CERT_FILE=(.*)$/, 1]

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

  # Does not load openssl itself: Bundler rejects a program that has loaded another version than its Gemfile.lock has.
  trace = TracePoint.new(:end) do |ended|
    next unless ended.self.name == "OpenSSL::SSL::SSLContext"

    OpenSSL::SSL::SSLContext.prepend(Context)
    OpenSSL::X509::Store.prepend(Store)
    trace.disable
  end
  trace.enable
end
