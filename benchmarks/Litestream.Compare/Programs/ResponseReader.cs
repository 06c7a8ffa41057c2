using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Litestream.Compare.Programs;

/// <summary>
/// Finds the status of each response: what a store sends while a request is unanswered begins with one. No client here sends
/// a request before the one before it is answered.
/// </summary>
internal sealed class ResponseReader(Action<int> onStatus)
{
    private const int StatusEnd = 12; // "HTTP/1.1 200"

    private readonly StringBuilder _head = new();

    public void Take(ReadOnlyMemory<byte> bytes, ConcurrentQueue<RequestHead> asked)
    {
        if (asked.IsEmpty)
        {
            return;
        }

        _head.Append(Encoding.Latin1.GetString(bytes.Span));
        while (_head.Length >= StatusEnd && !asked.IsEmpty)
        {
            var text = _head.ToString();
            var status = int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture);
            if (status >= 200)
            {
                _head.Clear();
                onStatus(status);
                return;
            }

            // "100 Continue": the answer comes behind it.
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0)
            {
                return;
            }

            _head.Remove(0, end + 4);
        }
    }
}
