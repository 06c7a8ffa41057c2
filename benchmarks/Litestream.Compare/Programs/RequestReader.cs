using System.Text;

namespace Litestream.Compare.Programs;

/// <summary>Finds the requests in what a client sends.</summary>
internal sealed class RequestReader(Action<RequestHead> onRequest)
{
    private readonly StringBuilder _head = new();
    private long _body;

    public void Take(ReadOnlyMemory<byte> bytes)
    {
        for (var i = 0; i < bytes.Length;)
        {
            if (_body > 0)
            {
                var skipped = (int)Math.Min(_body, bytes.Length - i);
                _body -= skipped;
                i += skipped;
                continue;
            }

            _head.Append((char)bytes.Span[i++]);
            if (_head.Length >= 4 && _head[^1] == '\n' && _head[^3] == '\n')
            {
                var head = RequestHead.Parse(_head.ToString());
                _head.Clear();
                _body = head.BodyLength;
                onRequest(head);
            }
        }
    }
}
