package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

func main() {
	account, token := os.Getenv("TWILIO_ACCOUNT_SID"), os.Getenv("TWILIO_AUTH_TOKEN")
	http.HandleFunc("/sms", func(w http.ResponseWriter, r *http.Request) {
		request, _ := http.NewRequest("GET", "https://api.twilio.com/2010-04-01/Accounts/"+account+".json", nil)
		request.SetBasicAuth(account, token)
		var found struct{ Status string }
		if answer, err := http.DefaultClient.Do(request); err != nil {
			found.Status = err.Error()
		} else {
			json.NewDecoder(answer.Body).Decode(&found)
		}
		fmt.Fprint(w, "<Response><Message>Twilio says "+found.Status+"</Message></Response>")
	})
	http.HandleFunc("/voice", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "<Response><Say>Hello from Go</Say></Response>")
	})
	fmt.Println(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
