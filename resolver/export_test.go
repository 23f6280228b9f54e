package resolver

var (
	FromHosts     = fromHosts
	ServerAddress = serverAddress
	ToUnicode     = toUnicode
)

const MaxExchangers = maxExchangers
