using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace Litestream.AspNetCore;

/// <summary>
/// A response's body that does not begin before the hold lets it. Until then what is written stays in memory, as it would
/// in the server until the first flush; from then on everything goes straight through.
/// </summary>
/// <remarks>Not thread-safe, as a response is not.</remarks>
internal sealed class HeldResponseBody(ReplicationHold hold, IHttpResponseBodyFeature inner) : PipeWriter, IHttpResponseBodyFeature, IDisposable
{
    private readonly HeldBytes _held = new();
    private State _state = State.Held;
    private HeldResponseStream? _stream;
    private bool _completed;

    private enum State
    {
        /// <summary>Nothing has left.</summary>
        Held,

        /// <summary>The response has begun.</summary>
        Open,

        /// <summary>Another answer was given; what is written is dropped.</summary>
        Refused,
    }

    /// <inheritdoc/>
    public Stream Stream => _stream ??= new HeldResponseStream(this, inner.Stream);

    /// <inheritdoc/>
    public PipeWriter Writer => this;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes =>
        _state == State.Open && inner.Writer.CanGetUnflushedBytes ? inner.Writer.UnflushedBytes : _held.Count;

    /// <inheritdoc/>
    public void DisableBuffering() => inner.DisableBuffering();

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (await OpenAsync(cancellationToken).ConfigureAwait(false))
        {
            await inner.StartAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    async Task IHttpResponseBodyFeature.CompleteAsync()
    {
        await FinishAsync().ConfigureAwait(false);
        if (_state == State.Open)
        {
            _completed = true;
            await inner.CompleteAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default)
    {
        if (await OpenAsync(cancellationToken).ConfigureAwait(false))
        {
            await inner.SendFileAsync(path, offset, count, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Lets the response begin, once and if it may.
    /// </summary>
    /// <returns>True if what is written now goes out; false if it is to be dropped.</returns>
    public ValueTask<bool> OpenAsync(CancellationToken cancellationToken) =>
        _state == State.Held ? new ValueTask<bool>(OpenOnceAsync(cancellationToken)) : ValueTask.FromResult(_state == State.Open);

    /// <summary>
    /// The request is over: lets out what is still held, or, where the response has begun long ago, waits for what was
    /// committed since.
    /// </summary>
    public async Task FinishAsync()
    {
        if (_state == State.Held)
        {
            await OpenOnceAsync(CancellationToken.None).ConfigureAwait(false);
        }
        else if (_state == State.Open && !_completed && !await hold.MayLeaveAsync().ConfigureAwait(false))
        {
            await RefuseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>For synchronous writes, where an application has asked for them.</summary>
    public bool OpenSynchronously() => OpenAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) =>
        _state == State.Open ? inner.Writer.GetMemory(sizeHint) : _held.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        if (_state == State.Open)
        {
            inner.Writer.Advance(bytes);
        }
        else if (_state == State.Held)
        {
            _held.Advance(bytes);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
        await OpenAsync(cancellationToken).ConfigureAwait(false)
            ? await inner.Writer.FlushAsync(cancellationToken).ConfigureAwait(false)
            : new FlushResult(isCanceled: false, isCompleted: true);

    /// <inheritdoc/>
    public override async ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) =>
        await OpenAsync(cancellationToken).ConfigureAwait(false)
            ? await inner.Writer.WriteAsync(source, cancellationToken).ConfigureAwait(false)
            : new FlushResult(isCanceled: false, isCompleted: true);

    /// <inheritdoc/>
    public override void CancelPendingFlush() => inner.Writer.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        // While it is held, the end of the request completes it.
        if (_state == State.Open)
        {
            inner.Writer.Complete(exception);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (await OpenAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await inner.Writer.CompleteAsync(exception).ConfigureAwait(false);
        }
    }

    public void Dispose() => _held.Dispose();

    private async Task<bool> OpenOnceAsync(CancellationToken cancellationToken)
    {
        if (!await hold.MayLeaveAsync().ConfigureAwait(false))
        {
            await RefuseAsync().ConfigureAwait(false);
            return false;
        }

        _state = State.Open;
        if (_held.Count > 0)
        {
            await inner.Writer.WriteAsync(_held.Written, cancellationToken).ConfigureAwait(false);
        }

        _held.Dispose();
        return true;
    }

    private Task RefuseAsync()
    {
        _state = State.Refused;
        _held.Dispose();
        return hold.RefuseAsync(inner);
    }
}
