package resolver

var (
	ServerAddress = serverAddress
	ToUnicode     = toUnicode
)

const MaxExchangers = maxExchangers

// SetFiles puts other files in the place of /etc/resolv.conf and /etc/hosts.
func (r *Resolver) SetFiles(conf, hosts string) { r.resolvConf, r.hostsFile = conf, hosts }
