"""Cards are shown in a browser on this machine, and nowhere else."""

import http.server

from empathy_core.cards import serve


def test_cards_are_served_on_this_machine_only(monkeypatch, capsys):
    bound = []

    class Server:
        def __init__(self, address, handler):
            bound.append(address)

        def serve_forever(self):
            pass

    monkeypatch.setattr(serve, "export", lambda folder: folder)
    monkeypatch.setattr(http.server, "ThreadingHTTPServer", Server)
    serve.main()
    assert bound == [("127.0.0.1", serve.PORT)]
    assert f"http://127.0.0.1:{serve.PORT}/" in capsys.readouterr().out
