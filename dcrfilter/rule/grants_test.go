package rule_test

import "testing"

func TestResponseTypes(t *testing.T) {
	own := []string{"client_credentials"}
	runRequests(t, []requestCase{
		{"default", claims{"response_types": nil}, ""},
		{"both", claims{"response_types": []string{"code", "code id_token"}}, ""},
		{"code without its grant", claims{"grant_types": own, "response_types": []string{"code"}}, "response_types.grant /response_types"},
		{"hybrid without its grant", claims{"grant_types": own, "response_types": []string{"code id_token"}}, "response_types.grant /response_types"},
		{"default without the grant", claims{"grant_types": own, "response_types": nil}, ""},
		{"none without the grant", claims{"grant_types": own, "response_types": []string{}}, ""},
		{"none with the grant", claims{"response_types": []string{}}, "response_types.missing /response_types"},
		{"unsupported", claims{"response_types": []string{"id_token", "token"}}, "dictionary.values /response_types/0, dictionary.values /response_types/1"},
	})
}

func TestCIBA(t *testing.T) {
	poll := claims{
		"grant_types": []string{"client_credentials", ciba}, "response_types": nil,
		"backchannel_token_delivery_mode": "poll", "backchannel_authentication_request_signing_alg": "PS256",
	}
	const endpoint = "backchannel_client_notification_endpoint"
	ping := poll.with(claims{"backchannel_token_delivery_mode": "ping", endpoint: "https://tpp.example/ping"})
	runRequests(t, []requestCase{
		{"poll", poll, ""},
		{"ping", ping, ""},
		{"user code false", poll.with(claims{"backchannel_user_code_parameter_supported": false}), ""},
		{"user code true", poll.with(claims{"backchannel_user_code_parameter_supported": true}), "dictionary.values /backchannel_user_code_parameter_supported"},
		{"push", ping.with(claims{"backchannel_token_delivery_mode": "push"}), "dictionary.values /backchannel_token_delivery_mode"},
		{"no mode", claims{"grant_types": []string{ciba}, "response_types": nil, "backchannel_authentication_request_signing_alg": "PS256"}, "ciba.missing /backchannel_token_delivery_mode"},
		{"no alg", claims{"grant_types": []string{ciba}, "response_types": nil, "backchannel_token_delivery_mode": "poll"}, "ciba.missing /backchannel_authentication_request_signing_alg"},
		{"RS256", poll.with(claims{"backchannel_authentication_request_signing_alg": "RS256"}), "dictionary.values /backchannel_authentication_request_signing_alg"},
		{"poll with endpoint", poll.with(claims{endpoint: "https://tpp.example/ping"}), "ciba.endpoint /" + endpoint},
		{"ping without endpoint", poll.with(claims{"backchannel_token_delivery_mode": "ping"}), "ciba.endpoint /" + endpoint},
		{"endpoint not https", ping.with(claims{endpoint: "http://tpp.example/ping"}), "ciba.endpoint /" + endpoint},
		{"endpoint at an address", ping.with(claims{endpoint: "https://169.254.169.254/"}), "ciba.endpoint /" + endpoint},
		{"mode without the grant", claims{"backchannel_token_delivery_mode": "poll"}, "ciba.without /backchannel_token_delivery_mode"},
		{"alg without the grant", claims{"backchannel_authentication_request_signing_alg": "PS256"}, "ciba.without /backchannel_authentication_request_signing_alg"},
		{"endpoint without the grant", claims{endpoint: "https://tpp.example/"}, "ciba.without /" + endpoint},
		{"user code without the grant", claims{"backchannel_user_code_parameter_supported": false}, "ciba.without /backchannel_user_code_parameter_supported"},
	})
}
