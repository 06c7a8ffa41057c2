using System.Runtime.CompilerServices;
using Litestream.Diagnostics;

namespace Litestream.Storage;

/// <summary>
/// Measures every call to a replica's store, whoever makes it. What is measured is the time spent waiting for the store:
/// what the caller does between two parts of a listing or of an object is not counted.
/// </summary>
/// <param name="client">The replica's client; disposed with this one.</param>
/// <param name="telemetry">The database's.</param>
/// <param name="replica">Name of the replica.</param>
/// <param name="type">Kind of store: the scheme of its URL.</param>
/// <param name="time">Measures.</param>
internal sealed class MeteredReplicaClient(
    IReplicaClient client, DatabaseTelemetry telemetry, string replica, string type, TimeProvider time) : IReplicaClient
{
    /// <inheritdoc/>
    public Uri Location => client.Location;

    /// <inheritdoc/>
    public IAsyncEnumerable<ReplicaObject> ListAsync(string prefix, CancellationToken cancellationToken = default) =>
        MeasureAsync("list", client.ListAsync(prefix, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<string> ListPrefixesAsync(string prefix, CancellationToken cancellationToken = default) =>
        MeasureAsync("list_prefixes", client.ListPrefixesAsync(prefix, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public async Task<Stream> OpenReadAsync(
        string key, long offset = 0, long? length = null, CancellationToken cancellationToken = default)
    {
        var started = time.GetTimestamp();
        try
        {
            var stream = await client.OpenReadAsync(key, offset, length, cancellationToken).ConfigureAwait(false);
            return new MeteredReadStream(stream, time, time.GetElapsedTime(started), ReadEnded);
        }
        catch (Exception exception)
        {
            Ended("read", started, exception);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<ReplicaObject> WriteAsync(
        string key, Stream seekableContent, WriteMode mode = WriteMode.Replace, CancellationToken cancellationToken = default)
    {
        var started = time.GetTimestamp();
        var bytes = seekableContent is { CanSeek: true } ? seekableContent.Length - seekableContent.Position : 0;
        try
        {
            var written = await client.WriteAsync(key, seekableContent, mode, cancellationToken).ConfigureAwait(false);
            Ended("write", started, failure: null);
            telemetry.Transferred(replica, "transmit", bytes);
            return written;
        }
        catch (Exception exception)
        {
            Ended("write", started, exception);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellationToken = default)
    {
        var started = time.GetTimestamp();
        try
        {
            await client.DeleteAsync(keys, cancellationToken).ConfigureAwait(false);
            Ended("delete", started, failure: null);
        }
        catch (Exception exception)
        {
            Ended("delete", started, exception);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => client.DisposeAsync();

    private async IAsyncEnumerable<T> MeasureAsync<T>(
        string operation, IAsyncEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var waited = TimeSpan.Zero;
        Exception? failure = null;
        var enumerator = items.GetAsyncEnumerator(cancellationToken);
        try
        {
            while (true)
            {
                var started = time.GetTimestamp();
                try
                {
                    if (!await enumerator.MoveNextAsync().ConfigureAwait(false))
                    {
                        break;
                    }
                }
                catch (Exception exception)
                {
                    failure = exception;
                    throw;
                }
                finally
                {
                    waited += time.GetElapsedTime(started);
                }

                yield return enumerator.Current;
            }
        }
        finally
        {
            telemetry.Operated(replica, type, operation, waited, failure);
            await enumerator.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void ReadEnded(TimeSpan waited, long bytes, Exception? failure)
    {
        telemetry.Operated(replica, type, "read", waited, failure);
        telemetry.Transferred(replica, "receive", bytes);
    }

    private void Ended(string operation, long started, Exception? failure) =>
        telemetry.Operated(replica, type, operation, time.GetElapsedTime(started), failure);
}
